-- Versions of a file that were waiting when the client put another in their place.
update upload
set
  state = 'expired',
  reason = 'replaced',
  in_inbox = false,
  updated_at = now()
where
  client_id = %(client_id)s and key = %(key)s and in_inbox and upload_id <> %(upload_id)s
  and state in ('received', 'awaiting_mapping')
returning upload_id
