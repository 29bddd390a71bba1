-- An earlier upload of the client with the same bytes for the same list that was loaded with the same
-- mapping, or that still waits for one.
select import_id, state::text
from upload
where
  client_id = %(client_id)s and kind = 'contacts' and sha256 = %(sha256)s and list_name = %(list_name)s
  and upload_id < %(upload_id)s
  and (
    (state = 'loaded' and mapping = %(mapping)s::jsonb)
    or (state = 'awaiting_mapping' and in_inbox and %(mapping)s::jsonb is null)
  )
order by upload_id
limit 1
