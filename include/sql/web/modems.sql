-- The modems of one group, as its host last said and as the roll-up last counted.
select
  m.imei,
  m.operator,
  m.operator_code,
  m.sim_state,
  m.registration,
  m.in_service,
  m.rssi,
  case
    when m.rssi <= 6 then 1
    when m.rssi <= 12 then 2
    when m.rssi <= 18 then 3
    when m.rssi <= 24 then 4
    when m.rssi <= 31 then 5
  end as signal,
  m.sent,
  m.delivered,
  round(100.0 * m.delivered / nullif(m.sent, 0), 1)::double precision as delivered_percent,
  t.sent_today,
  m.quota,
  m.balance,
  coalesce(m.out_of_service_reason, m.last_error) as last_error,
  m.seen_at
from modem as m
cross join
  lateral (
    select count(*) as sent_today
    from segment as s
    where
      s.imei = m.imei and s.group_id = m.group_id
      and s.updated_at >= %(midnight)s and coalesce(s.submitted_at, s.updated_at) >= %(midnight)s
      and s.state in ('sent', 'delivered', 'undelivered')
  ) as t
where m.group_id = %(group_id)s
order by m.imei
