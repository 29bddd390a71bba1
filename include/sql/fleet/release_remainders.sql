-- Nothing stays held for a campaign that is over and settled.
with remainder as (
  select c.client_id, c.campaign_id, sum(l.held) as held
  from campaign as c join ledger_entry as l using (campaign_id)
  where
    c.state in ('completed', 'cancelled', 'expired', 'failed')
    and c.finished_at > now() - interval '31 days'
    and not exists (
      select from message as m
      where
        m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
        and (not m.settled or m.state in ('planned', 'leased', 'uncertain'))
    )
  group by c.client_id, c.campaign_id
  having sum(l.held) > 0
)
insert into ledger_entry (client_id, kind, amount, held, campaign_id, note)
select client_id, 'release', held, -held, campaign_id, 'remainder' from remainder
