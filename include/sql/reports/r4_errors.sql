-- R4: why segments failed or were not delivered, by operator.
select
  coalesce(m.operator, '') as operator,
  s.state::text as state,
  s.error_code,
  coalesce(s.error, '') as error,
  count(*) as segments
from segment as s left join modem as m using (group_id, imei)
where
  s.imei is not null
  and s.updated_at >= %(since)s::timestamptz - interval '1 day'
  and coalesce(s.submitted_at, s.updated_at) >= %(since)s
  and coalesce(s.submitted_at, s.updated_at) < %(until)s
  and s.state in ('undelivered', 'failed')
group by 1, 2, 3, 4
order by segments desc, operator asc, state asc, error_code asc, error asc
