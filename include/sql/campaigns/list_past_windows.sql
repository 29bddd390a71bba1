-- Campaigns whose sending window is over.
select campaign_id
from campaign
where
  state in ('scheduled', 'expanding', 'sending', 'paused')
  and window_until is not null and window_until <= %(now)s
