-- How many of these messages there are.
select count(*) from message where message_id = any(%(ids)s::bigint[])
