-- R7: the entries of the ledger in a period, the newest first.
select l.entry_id, l.at, c.code as client, l.kind::text as kind, k.name as campaign, l.amount, l.held, l.note
from ledger_entry as l
join client as c using (client_id)
left join campaign as k on k.campaign_id = l.campaign_id
where l.at >= %(since)s and l.at < %(until)s
order by l.entry_id desc
