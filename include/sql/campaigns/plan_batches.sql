-- Cuts the campaign's unbatched messages into batches: the first so many to the first group, and so
-- on, so many messages a batch at most. Places within a batch are numbered at the claim.
with share as (
  select
    s.group_id,
    (sum(s.messages) over (order by s.place) - s.messages)::bigint as first_row,
    (sum(s.messages) over (order by s.place))::bigint as end_row
  from unnest(%(groups)s::bigint[], %(shares)s::bigint[]) with ordinality as s (
      group_id, messages, place
    )
),
numbered as (
  select message_id, segments, row_number() over (order by message_id) - 1 as n
  from message
  where
    activation_month = %(activation_month)s and campaign_id = %(campaign_id)s
    and state = 'planned' and batch_id is null and (not_before is null or not_before <= now())
),
placed as materialized (
  select o.message_id, o.segments, s.group_id, s.first_row + (o.n - s.first_row) / %(size)s as chunk
  from numbered as o join share as s on o.n >= s.first_row and o.n < s.end_row
),
chunk as materialized (
  select
    group_id,
    chunk,
    count(*) as messages,
    sum(segments) as segments,
    row_number() over (order by chunk, group_id) as place
  from placed
  group by group_id, chunk
),
added as (
  insert into send_batch (activation_month, campaign_id, group_id, messages, segments)
  select %(activation_month)s, %(campaign_id)s, group_id, messages, segments
  from chunk
  order by place
  returning batch_id
),
-- Ids are given in the order of the insert.
batch as (
  select batch_id, row_number() over (order by batch_id) as place from added
)
update message as m set batch_id = b.batch_id
from placed as p
join chunk as c on c.group_id = p.group_id and c.chunk = p.chunk
join batch as b on b.place = c.place
where
  m.activation_month = %(activation_month)s and m.message_id = p.message_id
  and m.state = 'planned' and m.batch_id is null
