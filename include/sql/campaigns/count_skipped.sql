-- Why contacts are skipped.
select reason, sum(messages)::bigint
from (
  select coalesce(reason, 'unknown') as reason, count(*) as messages
  from message
  where
    campaign_id = %(campaign_id)s and activation_month = %(activation_month)s and state = 'skipped'
  group by reason
  union all
  select coalesce(reason, 'unknown'), messages
  from campaign_archive
  where campaign_id = %(campaign_id)s and state = 'skipped'
) as counted
group by reason
