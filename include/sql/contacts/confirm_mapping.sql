-- The one transition by which a mapping is confirmed: whoever commits it first wins.
update upload
set
  state = 'mapping_submitted',
  mapping = %(mapping)s,
  mapping_by = %(mapping_by)s,
  list_name = %(list_name)s,
  label = coalesce(%(label)s, label),
  reason = null,
  updated_at = now()
where upload_id = %(upload_id)s and state in ('received', 'awaiting_mapping', 'failed')
returning upload_id
