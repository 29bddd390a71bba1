-- What was read under a name, so that a poll passes over it until it changes.
insert into spool_sighting (pbx, name, size, modified, sha256)
values (%(pbx)s, %(name)s, %(size)s, %(modified)s, %(sha256)s)
on conflict (pbx, name) do update set
  size = excluded.size, modified = excluded.modified, sha256 = excluded.sha256, seen_at = now()
