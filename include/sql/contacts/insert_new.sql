-- The staged rows that the list does not have yet, in the order of its index. The list is locked: no
-- other load can add one of them meanwhile, so that nothing need be asked of the index row by row.
insert into contact (
  list_id, msisdn, first_name, last_name, variable1, variable2, variables, upload_id, row_number, consent
)
select
  %(list_id)s, s.msisdn, s.first_name, s.last_name, s.variable1, s.variable2, s.variables, %(upload_id)s,
  s.row_number, %(consent)s::jsonb
from staging_contact as s
where not exists (select from contact as c where c.list_id = %(list_id)s and c.msisdn = s.msisdn)
order by s.msisdn collate "C"
