-- Its planned batches go to other groups at the next expansion.
update modem_group set state = 'stopped', deleted_at = now() where group_id = %(group_id)s
