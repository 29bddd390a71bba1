-- Whether an order on a client that carries this name was carried out before.
select 1
from audit_entry
where action in ('client_add', 'client_topup') and detail ? 'once' and detail ->> 'once' = %(once)s
limit 1
