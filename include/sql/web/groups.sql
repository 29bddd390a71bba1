-- The monitoring page's groups, or one of them. Totals are the roll-up's counters by modem, a minute old at most; only the
-- day's segments are counted here, by the index on (imei, updated_at), modem by modem.
with counted as (
  select
    m.group_id,
    sum(m.sent) as sent,
    sum(m.delivered) as delivered,
    sum(t.sent) as sent_today,
    sum(t.delivered) as delivered_today,
    sum(t.recent) as recent
  from modem as m
  cross join
    lateral (
      select
        count(*) filter (where coalesce(s.submitted_at, s.updated_at) >= %(midnight)s) as sent,
        count(*) filter (where coalesce(s.submitted_at, s.updated_at) >= %(midnight)s and s.state = 'delivered')
          as delivered,
        count(*) filter (where coalesce(s.submitted_at, s.updated_at) > now() - interval '5 minutes') as recent
      from segment as s
      where
        s.imei = m.imei and s.group_id = m.group_id
        and s.updated_at >= least(%(midnight)s, now() - interval '5 minutes')
        and s.state in ('sent', 'delivered', 'undelivered')
    ) as t
  where %(group_id)s::bigint is null or m.group_id = %(group_id)s
  group by m.group_id
),

waiting as (
  select
    group_id,
    sum(greatest(coalesce(leased_segments, segments) - reported, 0)) as queued
  from send_batch
  where state in ('planned', 'leased')
  group by group_id
)

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
  round(coalesce(c.recent, 0) / 5.0, 1)::double precision as rate,
  coalesce(c.sent, 0)::bigint as sent,
  coalesce(c.delivered, 0)::bigint as delivered,
  round(100.0 * c.delivered / nullif(c.sent, 0), 1)::double precision as delivered_percent,
  coalesce(w.queued, 0)::bigint as queued,
  g.last_heartbeat,
  coalesce(c.sent_today, 0)::bigint as sent_today,
  coalesce(c.delivered_today, 0)::bigint as delivered_today
from modem_group as g
left join counted as c using (group_id)
left join waiting as w using (group_id)
where g.deleted_at is null and (%(group_id)s::bigint is null or g.group_id = %(group_id)s)
order by g.group_id
