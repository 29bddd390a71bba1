-- A client's ledger, the oldest entry first.
select l.entry_id, l.at, l.kind::text, l.amount, l.held, c.name, l.note
from ledger_entry as l left join campaign as c using (campaign_id)
where l.client_id = %(client_id)s
order by l.entry_id
