-- Each message of a campaign, in exactly one state; those that retention has dropped too.
select state::text, sum(messages)::bigint as messages, sum(segments)::bigint as segments
from (
  select state, count(*) as messages, coalesce(sum(segments), 0) as segments
  from message
  where campaign_id = %(campaign_id)s and activation_month = %(activation_month)s
  group by state
  union all
  select state, messages, segments from campaign_archive where campaign_id = %(campaign_id)s
) as counted
group by state
