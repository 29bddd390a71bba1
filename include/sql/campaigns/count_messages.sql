-- Each message of a campaign, in exactly one state.
select state::text, count(*) as messages, coalesce(sum(segments), 0) as segments
from message
where campaign_id = %(campaign_id)s and activation_month = %(activation_month)s
group by state
