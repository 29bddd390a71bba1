-- R7: each client's prepaid credit over a period: what it could spend before and after, and each movement.
select
  c.code as client,
  c.name,
  coalesce(sum(l.amount) filter (where l.at < %(since)s), 0) as opening,
  coalesce(sum(l.amount) filter (where l.at >= %(since)s and l.kind = 'topup'), 0) as topped_up,
  coalesce(sum(l.amount) filter (where l.at >= %(since)s and l.kind = 'reserve'), 0) as reserved,
  coalesce(sum(l.amount) filter (where l.at >= %(since)s and l.kind = 'release'), 0) as released,
  coalesce(sum(l.amount), 0) as closing,
  coalesce(sum(l.held), 0) as held,
  coalesce(-sum(l.held) filter (where l.at >= %(since)s and l.kind = 'capture'), 0) as captured,
  count(l.entry_id) filter (where l.at >= %(since)s) as entries
from client as c
left join ledger_entry as l on l.client_id = c.client_id and l.at < %(until)s
group by c.client_id
order by captured desc, c.code asc
