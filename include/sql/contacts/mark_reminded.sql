-- Whoever gets the row reminds the client; nobody else does.
update upload set reminded_at = %(now)s
where upload_id = %(upload_id)s and state = 'awaiting_mapping' and reminded_at is null
returning upload_id
