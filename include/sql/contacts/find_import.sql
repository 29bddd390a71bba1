-- The contact file of a client that a mapping speaks of: by its import_id, or else the one by that
-- name that still waits for a mapping.
select upload_id
from upload
where
  client_id = %(client_id)s and kind = 'contacts'
  and (
    import_id = %(import_id)s
    or (
      %(import_id)s::text is null and state = 'awaiting_mapping' and in_inbox
      and key = any(%(keys)s)
    )
  )
order by upload_id desc
limit 1
