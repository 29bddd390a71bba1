-- R5: segments that the network took, or refused for good, in each hour of each day, in the zone of the centre.
select
  (coalesce(submitted_at, updated_at) at time zone %(zone)s)::date as day,
  extract(hour from coalesce(submitted_at, updated_at) at time zone %(zone)s)::integer as hour,
  count(*) filter (where state in ('sent', 'delivered', 'undelivered')) as sent,
  count(*) filter (where state = 'delivered') as delivered,
  count(*) filter (where state = 'failed') as failed
from segment
where
  updated_at >= %(since)s::timestamptz - interval '1 day'
  and coalesce(submitted_at, updated_at) >= %(since)s
  and coalesce(submitted_at, updated_at) < %(until)s
  and state in ('sent', 'delivered', 'undelivered', 'failed')
group by day, hour
order by day, hour
