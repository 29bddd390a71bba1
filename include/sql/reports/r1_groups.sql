-- R1: what each group sent in a period, counted in segments (an SMS as a modem sends and the network
-- bills it), and what it still has to send now. A segment belongs to the period of its submission, or
-- of the last word on it where it never was submitted. The clock of a host is believed a day ahead of ours at
-- most (report_results_v1), so what was last heard of a day before the period is none of it.
with tried as (
  select
    group_id,
    count(*) filter (where state in ('sent', 'delivered', 'undelivered')) as sent,
    count(*) filter (where state = 'delivered') as delivered,
    count(*) filter (where state = 'undelivered') as undelivered,
    count(*) filter (where state = 'failed') as failed,
    count(*) filter (where state = 'uncertain') as uncertain,
    count(distinct message_id) as messages,
    count(distinct date_trunc('minute', submitted_at))
    filter (where state in ('sent', 'delivered', 'undelivered')) as busy_minutes
  from segment
  where
    updated_at >= %(since)s::timestamptz - interval '1 day'
    and coalesce(submitted_at, updated_at) >= %(since)s
    and coalesce(submitted_at, updated_at) < %(until)s
    and state in ('sent', 'delivered', 'undelivered', 'failed', 'uncertain')
  group by group_id
),

waiting as (
  select b.group_id, sum(m.segments) as queued
  from send_batch as b
  inner join message as m on b.activation_month = m.activation_month and b.batch_id = m.batch_id
  where b.state in ('planned', 'leased') and m.state in ('planned', 'leased')
  group by b.group_id
)

select
  g.mac::text as mac,
  g.alias,
  g.modems,
  case
    when g.state = 'started' and g.last_heartbeat < %(as_of)s - interval '5 minutes' then 'lost'
    when g.state = 'started' and g.last_heartbeat < %(as_of)s - interval '60 seconds' then 'silent'
    else g.state::text
  end as state,
  g.rate_limit,
  round(t.sent::numeric / nullif(t.busy_minutes, 0), 1) as rate,
  coalesce(t.messages, 0) as messages,
  coalesce(t.sent, 0) as sent,
  coalesce(t.delivered, 0) as delivered,
  round(100.0 * t.delivered / nullif(t.sent, 0), 1) as delivered_percent,
  coalesce(t.undelivered, 0) as undelivered,
  coalesce(t.failed, 0) as failed,
  coalesce(t.uncertain, 0) as uncertain,
  coalesce(w.queued, 0)::bigint as queued,
  g.last_heartbeat
from modem_group as g
left join tried as t using (group_id)
left join waiting as w using (group_id)
where g.deleted_at is null or t.group_id is not null
order by sent desc, g.alias asc
