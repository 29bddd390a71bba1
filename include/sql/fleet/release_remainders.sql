-- Nothing stays held for a campaign that is over and settled. First what is held, by the ledger: hardly ever anything,
-- so that the messages of hardly any campaign are looked through.
with remainder as materialized (
  select c.client_id, c.campaign_id, c.activation_month, sum(l.held) as held
  from campaign as c join ledger_entry as l using (campaign_id)
  where
    c.state in ('completed', 'cancelled', 'expired', 'failed')
    and c.finished_at > now() - interval '31 days'
  group by c.campaign_id
  having sum(l.held) > 0
)
insert into ledger_entry (client_id, kind, amount, held, campaign_id, note)
select r.client_id, 'release', r.held, -r.held, r.campaign_id, 'remainder'
from remainder as r
where not exists (
  select from message as m
  where
    m.activation_month = r.activation_month and m.campaign_id = r.campaign_id
    and (not m.settled or m.state in ('planned', 'leased', 'uncertain'))
)
