-- Empty batches, one for each group named, in that order, all for one region (null = home); they are
-- filled in the same transaction.
insert into send_batch (activation_month, campaign_id, group_id, messages, segments, region)
select %(activation_month)s, %(campaign_id)s, g.group_id, 0, 0, %(region)s
from unnest(%(groups)s::bigint[]) with ordinality as g (group_id, place)
order by g.place
returning batch_id
