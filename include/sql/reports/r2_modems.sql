-- R2: what each modem sent in a period, in segments, and how it is now. Modems that the group no
-- longer lists but that sent in the period are shown too.
with tried as (
  select
    group_id,
    imei,
    count(*) filter (where state in ('sent', 'delivered', 'undelivered')) as sent,
    count(*) filter (where state = 'delivered') as delivered,
    count(*) filter (where state = 'undelivered') as undelivered,
    count(*) filter (where state = 'failed') as failed,
    count(*) filter (where state = 'uncertain') as uncertain
  from segment
  where
    imei is not null
    and updated_at >= %(since)s::timestamptz - interval '1 day'
    and coalesce(submitted_at, updated_at) >= %(since)s
    and coalesce(submitted_at, updated_at) < %(until)s
    and state in ('sent', 'delivered', 'undelivered', 'failed', 'uncertain')
  group by group_id, imei
)

select
  group_id,
  g.alias,
  imei,
  m.operator,
  m.sim_state,
  case when m.in_service then 'in_service' when not m.in_service then 'out_of_service' end as state,
  -113 + 2 * m.rssi as dbm,
  case
    when m.rssi <= 6 then 1
    when m.rssi <= 12 then 2
    when m.rssi <= 18 then 3
    when m.rssi <= 24 then 4
    when m.rssi <= 31 then 5
  end as signal,
  coalesce(t.sent, 0) as sent,
  coalesce(t.delivered, 0) as delivered,
  round(100.0 * t.delivered / nullif(t.sent, 0), 1) as delivered_percent,
  coalesce(t.undelivered, 0) as undelivered,
  coalesce(t.failed, 0) as failed,
  coalesce(t.uncertain, 0) as uncertain,
  coalesce(m.out_of_service_reason, m.last_error) as last_error,
  m.seen_at
from modem as m
full join tried as t using (group_id, imei)
inner join modem_group as g using (group_id)
where g.deleted_at is null or t.imei is not null
order by g.alias asc, sent desc, imei asc
