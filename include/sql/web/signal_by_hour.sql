-- The mean signal of each modem of a group in each of the last 24 hours; hour 23 is the one that ends now.
-- Modem by modem, for the key of the samples is by modem and time.
select
  m.imei,
  h.hour,
  h.rssi
from modem as m
cross join lateral (
  select
    23 - floor(extract(epoch from %(at)s - s.at) / 3600)::integer as hour,
    round(avg(s.rssi), 1)::double precision as rssi
  from modem_sample as s
  where
    s.group_id = m.group_id and s.imei = m.imei
    and s.at > %(at)s - interval '24 hours' and s.at <= %(at)s
    and s.rssi is not null
  group by 1
) as h
where m.group_id = %(group_id)s
