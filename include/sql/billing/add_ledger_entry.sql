-- One entry; a trigger refuses what would make the balance negative (SQLSTATE SM402).
insert into ledger_entry (client_id, kind, amount, held, campaign_id, note)
values (%(client_id)s, %(kind)s, %(amount)s, %(held)s, %(campaign_id)s, %(note)s)
