-- Numbers of a blocklist file; those already there stay as they were.
insert into opt_out (msisdn, client_id, source)
select
  n as msisdn,
  %(client_id)s as client_id,
  %(source)s as source
from unnest(%(numbers)s::text []) as n
on conflict (msisdn, client_id) do nothing
