-- The mean signal of each modem of a group in each of the last 24 hours; hour 23 is the one that ends now.
select
  imei,
  23 - floor(extract(epoch from %(at)s - at) / 3600)::integer as hour,
  round(avg(rssi), 1)::double precision as rssi
from modem_sample
where
  group_id = %(group_id)s
  and at > %(at)s - interval '24 hours' and at <= %(at)s
  and rssi is not null
group by 1, 2
