-- The list, made at its first file; the row stays locked, so that loads of one list follow each other.
insert into contact_list (client_id, name, label, variables)
values (%(client_id)s, %(name)s, %(label)s, %(variables)s)
on conflict (client_id, name) do update
set
  label = coalesce(excluded.label, contact_list.label),
  variables = (
    select coalesce(array_agg(distinct v order by v), '{}')
    from unnest(contact_list.variables || excluded.variables) as v
  ),
  updated_at = now()
returning list_id
