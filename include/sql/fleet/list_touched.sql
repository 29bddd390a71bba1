-- The modems that had a result since the last roll-up or so, and the months of activation of those.
select
  m.group_id,
  m.imei,
  r.activation_month
from modem as m
cross join lateral (
  select distinct s.activation_month
  from segment as s
  where s.imei = m.imei and s.updated_at > now() - interval '15 minutes'
) as r
