-- What became of the messages of a condemned host.
select
  count(*) filter (where state = 'uncertain') as uncertain,
  count(*) filter (where state = 'planned') as planned
from message
where message_id = any(%(ids)s::bigint[])
