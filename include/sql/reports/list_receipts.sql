-- A client's last drops and what came of them.
select
  import_id,
  kind::text as kind,
  regexp_replace(key, '^.*/', '') as file,
  list_name as list,
  state::text as state,
  reason,
  -- A campaign file may be refused for many reasons; the first is told here.
  coalesce(receipt -> 'errors' -> 0, receipt -> 'reason') as told,
  (counts ->> 'rows')::bigint as file_rows,
  (counts ->> 'loaded')::bigint as loaded,
  (counts ->> 'updated')::bigint as updated,
  (counts ->> 'rejected')::bigint as rejected,
  updated_at
from upload
where client_id = %(client_id)s
order by updated_at desc, upload_id desc
limit 25
