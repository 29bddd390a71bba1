-- R4: what went out over each operator in a period, in segments. The operator is that of the modem, as its
-- host last said; a modem that is gone has none.
with tried as (
  select
    coalesce(m.operator, '') as operator,
    s.group_id,
    s.imei,
    s.state,
    extract(epoch from s.reported_at - s.submitted_at) as seconds
  from segment as s left join modem as m using (group_id, imei)
  where
    s.imei is not null
    and s.updated_at >= %(since)s::timestamptz - interval '1 day'
    and coalesce(s.submitted_at, s.updated_at) >= %(since)s
    and coalesce(s.submitted_at, s.updated_at) < %(until)s
    and s.state in ('sent', 'delivered', 'undelivered', 'failed', 'uncertain')
),

listed as (
  select
    coalesce(m.operator, '') as operator,
    count(*) as modems,
    count(*) filter (where m.in_service) as working
  from modem as m inner join modem_group as g using (group_id)
  where g.deleted_at is null
  group by 1
),

summed as (
  select
    operator,
    count(distinct group_id || '/' || imei) as used,
    count(*) filter (where state in ('sent', 'delivered', 'undelivered')) as sent,
    count(*) filter (where state = 'delivered') as delivered,
    count(*) filter (where state = 'undelivered') as undelivered,
    count(*) filter (where state = 'failed') as failed,
    count(*) filter (where state = 'uncertain') as uncertain,
    percentile_disc(0.5) within group (order by seconds) filter (where state = 'delivered') as median_seconds,
    percentile_disc(0.95) within group (order by seconds) filter (where state = 'delivered') as slow_seconds
  from tried
  group by operator
)

select
  operator,
  coalesce(l.modems, 0) as modems,
  coalesce(l.working, 0) as working,
  coalesce(s.used, 0) as used,
  coalesce(s.sent, 0) as sent,
  coalesce(s.delivered, 0) as delivered,
  round(100.0 * s.delivered / nullif(s.sent, 0), 1) as delivered_percent,
  coalesce(s.undelivered, 0) as undelivered,
  coalesce(s.failed, 0) as failed,
  coalesce(s.uncertain, 0) as uncertain,
  s.median_seconds,
  s.slow_seconds
from listed as l full join summed as s using (operator)
order by sent desc, operator asc
