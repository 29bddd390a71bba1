-- A question that nobody answered for so long is closed.
update upload
set
  state = 'expired',
  reason = 'no_mapping_in_time',
  updated_at = now()
where state = 'awaiting_mapping' and created_at < now() - %(days)s * interval '1 day'
returning upload_id
