-- Numbers that this client may never text, as integers.
select substr(msisdn, 2)::bigint
from opt_out
where client_id is null or client_id = %(client_id)s
