-- The next file with this header needs no question.
insert into remembered_mapping (client_id, fingerprint, mapping, import_id)
values (%(client_id)s, %(fingerprint)s, %(mapping)s, %(import_id)s)
on conflict (client_id, fingerprint) do update
set mapping = excluded.mapping, import_id = excluded.import_id, confirmed_at = now()
