-- The numbers of a quick send, in their order, as the whole of its list.
with gone as (
  delete from contact
  where list_id = %(list_id)s and not msisdn = any(%(numbers)s::text [])
)

insert into contact (list_id, msisdn, upload_id, row_number)
select
  %(list_id)s as list_id,
  n.msisdn,
  %(upload_id)s as upload_id,
  n.place
from unnest(%(numbers)s::text []) with ordinality as n (msisdn, place)
on conflict (list_id, msisdn) do nothing
