-- R3: how many minutes each modem had which signal (a sample is kept at most once a minute, so that samples
-- are minutes), by the five intervals of 3GPP TS 27.007's rssi.
select
  s.group_id,
  g.alias,
  s.imei,
  count(*) as minutes,
  count(*) filter (where s.rssi <= 6) as level_1,
  count(*) filter (where s.rssi between 7 and 12) as level_2,
  count(*) filter (where s.rssi between 13 and 18) as level_3,
  count(*) filter (where s.rssi between 19 and 24) as level_4,
  count(*) filter (where s.rssi >= 25) as level_5,
  count(*) filter (where s.rssi is null) as level_unknown,
  round(-113 + 2 * avg(s.rssi), 1) as mean_dbm,
  -113 + 2 * min(s.rssi) as lowest_dbm
from modem_sample as s inner join modem_group as g using (group_id)
where s.at >= %(since)s and s.at < %(until)s
group by s.group_id, g.alias, s.imei
order by g.alias, s.imei
