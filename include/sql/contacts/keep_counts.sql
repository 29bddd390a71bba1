-- What a load did, kept in its own transaction: the receipt can be written again from it.
update upload
set counts = %(counts)s
where upload_id = %(upload_id)s
