-- Why messages of one campaign were skipped, failed or not delivered.
select state::text as state, coalesce(reason, '') as reason, count(*) as messages
from message
where campaign_id = %(campaign_id)s and state in ('skipped', 'failed', 'undelivered', 'expired')
group by state, reason
order by messages desc, state asc, reason asc
