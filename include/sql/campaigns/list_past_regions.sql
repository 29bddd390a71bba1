-- Regions of campaigns on their way in which the sending window is over.
select r.campaign_id, r.region
from campaign_region as r join campaign as c using (campaign_id)
where
  c.state in ('scheduled', 'expanding', 'sending', 'paused') and r.window_until <= %(now)s
