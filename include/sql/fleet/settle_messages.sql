-- Money follows messages, once: what was sent is captured (part by part where a message failed in the
-- middle), the rest of what was held for it is given back. One entry of each kind per campaign and run.
with settled as (
  update message as m set settled = true
  from (
    select activation_month, message_id
    from message
    where not settled and state not in ('planned', 'leased', 'uncertain')
    order by activation_month, message_id
    for no key update skip locked
  ) as due
  where m.activation_month = due.activation_month and m.message_id = due.message_id
  returning m.activation_month, m.campaign_id, m.message_id, m.price, m.segments, m.state
),
priced as (
  select
    s.campaign_id,
    s.price,
    case
      when s.state in ('sent', 'delivered', 'undelivered') then s.price
      when s.segments = 0 then 0
      else round(s.price * sent.parts / s.segments, 4)
    end as captured
  from settled as s
  left join lateral (
    select count(*) as parts
    from segment as g
    where
      s.state not in ('sent', 'delivered', 'undelivered')
      and g.activation_month = s.activation_month and g.message_id = s.message_id
      and g.state in ('sent', 'delivered', 'undelivered')
  ) as sent on true
),
summed as (
  select
    c.client_id,
    p.campaign_id,
    count(*) as messages,
    sum(p.captured) as captured,
    sum(p.price - p.captured) as released
  from priced as p join campaign as c using (campaign_id)
  group by c.client_id, p.campaign_id
),
entered as (
  insert into ledger_entry (client_id, kind, amount, held, campaign_id)
  select client_id, 'capture'::ledger_kind, 0, -captured, campaign_id from summed where captured > 0
  union all
  select client_id, 'release'::ledger_kind, released, -released, campaign_id from summed where released > 0
)
select
  coalesce(sum(messages), 0), coalesce(sum(captured), 0), coalesce(sum(released), 0)
from summed
