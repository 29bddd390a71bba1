-- R3: the mean rssi of each modem in each hour of the day, in the zone of the centre.
select
  group_id,
  imei,
  extract(hour from at at time zone %(zone)s)::integer as hour,
  round(avg(rssi), 1) as rssi
from modem_sample
where at >= %(since)s and at < %(until)s and rssi is not null
group by group_id, imei, hour
