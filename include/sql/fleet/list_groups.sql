-- The groups with the figures of « Monitoring 2 »: « SMS reçus » are those delivered, as a share of those
-- sent; the rate is that of the last five minutes.
select
  g.group_id,
  g.mac::text as mac,
  g.alias,
  g.modems,
  case
    when g.state = 'started' and g.last_heartbeat <= now() - %(lost_after)s then 'lost'
    else g.state::text
  end as state,
  g.rate_limit,
  coalesce(s.recent, 0) / 5.0 as rate,
  coalesce(s.sent, 0) as sent,
  coalesce(s.delivered, 0) as delivered,
  case when s.sent > 0 then round(100.0 * s.delivered / s.sent, 1) end as delivered_percent,
  coalesce(q.queued, 0) as queued,
  g.last_heartbeat
from modem_group as g
left join lateral (
  select
    count(*) filter (where x.state in ('sent', 'delivered', 'undelivered')) as sent,
    count(*) filter (where x.state = 'delivered') as delivered,
    count(*) filter (
      where x.submitted_at > now() - interval '5 minutes'
      and x.state in ('sent', 'delivered', 'undelivered')
    ) as recent
  from segment as x
  where x.group_id = g.group_id
) as s on true
left join lateral (
  select sum(greatest(coalesce(b.leased_segments, b.segments) - b.reported, 0)) as queued
  from send_batch as b
  where b.group_id = g.group_id and b.state in ('planned', 'leased')
) as q on true
where g.deleted_at is null
order by g.group_id
