-- The test sends of a campaign, the latest first.
select campaign_id
from campaign
where client_id = %(client_id)s and spec ->> 'trial_of' = %(name)s
order by campaign_id desc
