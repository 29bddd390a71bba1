-- Contacts that the list has already, as the file has them now. Only fields that the file has are
-- taken over; a row that changes nothing is not written.
update contact as old set
  first_name = case when 'first_name' = any(%(fields)s) then s.first_name else old.first_name end,
  last_name = case when 'last_name' = any(%(fields)s) then s.last_name else old.last_name end,
  variable1 = case when 'variable1' = any(%(fields)s) then s.variable1 else old.variable1 end,
  variable2 = case when 'variable2' = any(%(fields)s) then s.variable2 else old.variable2 end,
  variables = nullif(coalesce(old.variables, '{}') || coalesce(s.variables, '{}'), '{}'),
  consent = coalesce(%(consent)s::jsonb, old.consent),
  upload_id = %(upload_id)s,
  row_number = s.row_number,
  updated_at = now()
from staging_contact as s
where
  old.list_id = %(list_id)s and old.msisdn = s.msisdn
  and (
    ('first_name' = any(%(fields)s) and old.first_name is distinct from s.first_name)
    or ('last_name' = any(%(fields)s) and old.last_name is distinct from s.last_name)
    or ('variable1' = any(%(fields)s) and old.variable1 is distinct from s.variable1)
    or ('variable2' = any(%(fields)s) and old.variable2 is distinct from s.variable2)
    or not coalesce(old.variables, '{}') @> coalesce(s.variables, '{}')
    or (%(consent)s::jsonb is not null and old.consent is distinct from %(consent)s::jsonb)
  )
