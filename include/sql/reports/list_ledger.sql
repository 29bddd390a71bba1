-- A client's movements of credit, newest first.
select
  e.at,
  e.kind::text as kind,
  c.name as campaign,
  e.amount,
  e.held,
  e.note
from ledger_entry as e left join campaign as c using (campaign_id)
where e.client_id = %(client_id)s
order by e.entry_id desc
