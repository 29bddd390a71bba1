-- To another group, whose host is told at once.
with moved as (
  update send_batch as b set group_id = w.group_id
  from unnest(%(batches)s::bigint[], %(groups)s::bigint[]) as w (batch_id, group_id)
  where b.batch_id = w.batch_id and b.state = 'planned'
  returning b.group_id
)
select wake_group(m.group_id) from (select distinct group_id from moved) as m
