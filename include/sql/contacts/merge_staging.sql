-- The staged rows into the list in one statement, in the order of the index. Only fields that the
-- file has are taken over; a row that changes nothing is not written. Counts what was new and what
-- was changed.
with merged as (
  insert into contact as old (
    list_id, msisdn, first_name, last_name, variable1, variable2, variables, upload_id, row_number, consent
  )
  select
    %(list_id)s, msisdn, first_name, last_name, variable1, variable2, variables, %(upload_id)s, row_number,
    %(consent)s::jsonb
  from staging_contact
  order by msisdn
  on conflict (list_id, msisdn) do update
  set
    first_name = case when 'first_name' = any(%(fields)s) then excluded.first_name else old.first_name end,
    last_name = case when 'last_name' = any(%(fields)s) then excluded.last_name else old.last_name end,
    variable1 = case when 'variable1' = any(%(fields)s) then excluded.variable1 else old.variable1 end,
    variable2 = case when 'variable2' = any(%(fields)s) then excluded.variable2 else old.variable2 end,
    variables = nullif(coalesce(old.variables, '{}') || coalesce(excluded.variables, '{}'), '{}'),
    consent = coalesce(excluded.consent, old.consent),
    upload_id = excluded.upload_id,
    row_number = excluded.row_number,
    updated_at = now()
  where
    %(overwrite)s
    and (
      ('first_name' = any(%(fields)s) and old.first_name is distinct from excluded.first_name)
      or ('last_name' = any(%(fields)s) and old.last_name is distinct from excluded.last_name)
      or ('variable1' = any(%(fields)s) and old.variable1 is distinct from excluded.variable1)
      or ('variable2' = any(%(fields)s) and old.variable2 is distinct from excluded.variable2)
      or not coalesce(old.variables, '{}') @> coalesce(excluded.variables, '{}')
      or (excluded.consent is not null and old.consent is distinct from excluded.consent)
    )
  returning xmax = 0 as is_new
)

select
  count(*) filter (where is_new) as loaded,
  count(*) filter (where not is_new) as updated
from merged
