-- The mean signal of each modem in 24 equal slices of the period, for its sparkline.
select
  group_id,
  imei,
  width_bucket(
    extract(epoch from at), extract(epoch from %(since)s::timestamptz), extract(epoch from %(until)s::timestamptz), 24
  ) - 1 as slice,
  avg(rssi) as rssi
from modem_sample
where at >= %(since)s and at < %(until)s and rssi is not null
group by group_id, imei, slice
order by group_id, imei, slice
