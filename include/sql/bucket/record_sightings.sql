-- What lies in an inbox now; for each file since when it is the same, and the upload of that version.
insert into drop_sighting as old (client_id, key, size, version)
select
  %(client_id)s as client_id,
  seen.key,
  seen.size,
  seen.version
from unnest(%(keys)s::text [], %(sizes)s::bigint [], %(versions)s::text []) as seen (key, size, version)
on conflict (client_id, key) do update
set
  same_since = case
    when old.size = excluded.size and old.version = excluded.version then old.same_since else now()
  end,
  upload_id = case when old.size = excluded.size and old.version = excluded.version then old.upload_id end,
  size = excluded.size,
  version = excluded.version
returning
  old.key,
  extract(epoch from now() - old.same_since)::float as same_for,
  extract(epoch from now() - old.first_seen)::float as seen_for,
  old.upload_id
