-- Where the ledger and the messages disagree; no row if they agree. Campaigns whose messages retention has
-- dropped are left out.
with entered as (
  select
    l.campaign_id,
    sum(l.held) as held,
    coalesce(-sum(l.held) filter (where l.kind = 'capture'), 0) as captured,
    bool_or(l.client_id <> c.client_id) as of_another
  from ledger_entry as l
  join campaign as c using (campaign_id)
  group by l.campaign_id
),
priced as (
  select
    m.campaign_id,
    m.settled,
    m.price,
    case
      when not m.settled or m.segments = 0 then 0
      when m.state in ('sent', 'delivered', 'undelivered') then m.price
      else round(m.price * s.parts / m.segments, 4)
    end as captured
  from message as m
  left join lateral (
    select count(*) as parts
    from segment as g
    where
      m.settled and m.state not in ('sent', 'delivered', 'undelivered')
      and g.activation_month = m.activation_month and g.message_id = m.message_id
      and g.state in ('sent', 'delivered', 'undelivered')
  ) as s on true
),
spent as (
  select
    campaign_id,
    coalesce(sum(price) filter (where not settled), 0) as held,
    sum(captured) as captured
  from priced
  group by campaign_id
),
side as (
  select
    k.code as client, c.name as campaign, c.state::text as state, c.expanded_at is not null as expanded,
    coalesce(e.held, 0) as held, coalesce(e.captured, 0) as captured, coalesce(e.of_another, false) as of_another,
    coalesce(s.held, 0) as should_hold, coalesce(s.captured, 0) as should_capture
  from campaign as c
  join client as k using (client_id)
  left join entered as e using (campaign_id)
  left join spent as s using (campaign_id)
  where not exists (select from campaign_archive as a where a.campaign_id = c.campaign_id)
)
select client, campaign, 'captured' as what, should_capture as messages, captured as ledger
from side
where captured <> should_capture
union all
select client, campaign, 'held', should_hold, held
from side
where
  held <> should_hold
  and (expanded or state in ('draft', 'quoted', 'awaiting_approval', 'completed', 'cancelled', 'expired', 'failed'))
union all
select client, campaign, 'held below nothing', 0, held
from side
where held < 0
union all
select client, campaign, 'entry of another client', 0, 0
from side
where of_another
union all
select code, null, 'overdrawn', 0, balance
from client_balance
where balance < 0
order by client asc, campaign asc, what asc
