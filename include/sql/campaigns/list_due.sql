-- Campaigns whose time has come, the earliest first; 'expanding' is one that was interrupted.
select campaign_id
from campaign
where
  state in ('scheduled', 'expanding') and start_at <= now()
  and (expire_at is null or expire_at > now())
order by start_at, campaign_id
