-- Closes what the host held.
update send_batch set state = 'condemned', done_at = now()
where group_id = %(group_id)s and state = 'leased'
