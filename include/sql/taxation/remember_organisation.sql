-- An organisation file that was read, and why nothing of it was taken, if so.
insert into organisation_file (sha256, name, imported_by, refused)
values (%(sha256)s, %(name)s, %(by)s, %(refused)s)
on conflict (sha256) do update set
  name = excluded.name, imported_by = excluded.imported_by, refused = excluded.refused, imported_at = now()
