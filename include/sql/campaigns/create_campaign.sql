-- A name is taken once; whoever comes second finds the first.
insert into campaign (client_id, name, list_id, purpose, spec)
values (%(client_id)s, %(name)s, %(list_id)s, %(purpose)s, %(spec)s)
on conflict (client_id, name) do nothing
