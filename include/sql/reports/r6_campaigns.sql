-- R6: each campaign of a period (activated in it, or made in it if never activated) and where its
-- messages stand, those that retention has dropped too. Each message is counted once; cost is what the messages
-- sent are billed. The messages of a campaign are all in the month (UTC) in which it was activated.
with by_state as (
  select m.campaign_id, m.state, count(*) as messages, sum(m.segments) as segments, sum(m.price) as price
  from message as m
  where
    m.activation_month >= date_trunc('month', %(since)s at time zone 'UTC')
    and m.activation_month < %(until)s at time zone 'UTC'
  group by m.campaign_id, m.state
  union all
  select campaign_id, state, messages, segments, price from campaign_archive
),

counted as (
  select
    campaign_id,
    sum(messages)::bigint as recipients,
    coalesce(sum(messages) filter (where state in ('planned', 'leased')), 0)::bigint as waiting,
    coalesce(sum(messages) filter (where state = 'sent'), 0)::bigint as sent,
    coalesce(sum(messages) filter (where state = 'delivered'), 0)::bigint as delivered,
    coalesce(sum(messages) filter (where state = 'undelivered'), 0)::bigint as undelivered,
    coalesce(sum(messages) filter (where state = 'failed'), 0)::bigint as failed,
    coalesce(sum(messages) filter (where state = 'uncertain'), 0)::bigint as uncertain,
    coalesce(sum(messages) filter (where state = 'written_off'), 0)::bigint as written_off,
    coalesce(sum(messages) filter (where state = 'skipped'), 0)::bigint as skipped,
    coalesce(sum(messages) filter (where state = 'expired'), 0)::bigint as expired,
    coalesce(sum(messages) filter (where state = 'cancelled'), 0)::bigint as cancelled,
    sum(segments) filter (where state in ('sent', 'delivered', 'undelivered')) as segments,
    sum(price) filter (where state in ('sent', 'delivered', 'undelivered')) as cost
  from by_state
  group by campaign_id
)

select
  c.campaign_id,
  k.code as client,
  c.name as campaign,
  c.purpose,
  c.state::text as state,
  c.reason,
  coalesce(n.recipients, 0) as recipients,
  coalesce(n.recipients - n.skipped, 0) as kept,
  coalesce(n.waiting, 0) as waiting,
  coalesce(n.sent + n.delivered + n.undelivered, 0) as handed_over,
  coalesce(n.sent, 0) as sent,
  coalesce(n.delivered, 0) as delivered,
  round(100.0 * n.delivered / nullif(n.sent + n.delivered + n.undelivered, 0), 1) as delivered_percent,
  coalesce(n.undelivered, 0) as undelivered,
  coalesce(n.failed, 0) as failed,
  coalesce(n.uncertain, 0) as uncertain,
  coalesce(n.written_off, 0) as written_off,
  coalesce(n.skipped, 0) as skipped,
  coalesce(n.expired, 0) as expired,
  coalesce(n.cancelled, 0) as cancelled,
  coalesce(n.segments, 0)::bigint as segments,
  coalesce(n.cost, 0) as cost,
  c.activated_at,
  c.finished_at
from campaign as c
inner join client as k using (client_id)
left join counted as n using (campaign_id)
where
  coalesce(c.activated_at, c.created_at) >= %(since)s
  and coalesce(c.activated_at, c.created_at) < %(until)s
order by c.activated_at desc nulls last, k.code asc, c.name asc
