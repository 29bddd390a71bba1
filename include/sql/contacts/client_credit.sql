-- What the client may still spend.
select balance
from client_balance
where client_id = %(client_id)s
