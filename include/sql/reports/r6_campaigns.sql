-- R6: each campaign of a period (activated in it, or made in it if never activated) and where its
-- messages stand. Each message is counted once; cost is what the messages sent are billed.
with counted as (
  select
    m.campaign_id,
    count(*) as recipients,
    count(*) filter (where m.state in ('planned', 'leased')) as waiting,
    count(*) filter (where m.state = 'sent') as sent,
    count(*) filter (where m.state = 'delivered') as delivered,
    count(*) filter (where m.state = 'undelivered') as undelivered,
    count(*) filter (where m.state = 'failed') as failed,
    count(*) filter (where m.state = 'uncertain') as uncertain,
    count(*) filter (where m.state = 'written_off') as written_off,
    count(*) filter (where m.state = 'skipped') as skipped,
    count(*) filter (where m.state = 'expired') as expired,
    count(*) filter (where m.state = 'cancelled') as cancelled,
    sum(m.segments) filter (where m.state in ('sent', 'delivered', 'undelivered')) as segments,
    sum(m.price) filter (where m.state in ('sent', 'delivered', 'undelivered')) as cost
  from message as m
  group by m.campaign_id
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
