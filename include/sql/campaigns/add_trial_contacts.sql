-- The test numbers as the whole of their list, the n-th with the values of the n-th contact of the list
-- that the campaign is for.
with gone as (
  delete from contact
  where list_id = %(list_id)s and not msisdn = any(%(numbers)s::text [])
),
lent as (
  select
    c.*,
    row_number() over (order by c.contact_id) as place,
    count(*) over () as people
  from (
    select * from contact where list_id = %(source_id)s order by contact_id limit %(most)s
  ) as c
)

insert into contact (
  list_id, msisdn, first_name, last_name, variable1, variable2, variables, upload_id, row_number
)
select
  %(list_id)s as list_id,
  n.msisdn,
  l.first_name,
  l.last_name,
  l.variable1,
  l.variable2,
  l.variables,
  %(upload_id)s as upload_id,
  n.place
from unnest(%(numbers)s::text []) with ordinality as n (msisdn, place)
left join lent as l on l.place = 1 + mod(n.place - 1, l.people)
on conflict (list_id, msisdn) do update
set
  first_name = excluded.first_name,
  last_name = excluded.last_name,
  variable1 = excluded.variable1,
  variable2 = excluded.variable2,
  variables = excluded.variables
