-- Batches that the group's host holds.
select count(*) from send_batch where group_id = %(group_id)s and state = 'leased'
