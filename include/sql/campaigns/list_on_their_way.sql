-- Campaigns whose counts may have changed in the last minutes.
select campaign_id
from campaign
where
  activated_at is not null
  and (finished_at is null or finished_at > now() - interval '10 minutes')
order by campaign_id
