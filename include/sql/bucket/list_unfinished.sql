-- Uploads whose turn has come: registered, and not worked on for a while (a lost event, a crash).
update upload
set updated_at = now()
where
  state in ('received', 'mapping_submitted', 'loading')
  and updated_at < now() - %(minutes)s * interval '1 minute'
returning upload_id, kind::text
