-- A transition: nothing happens where the upload is no longer in a state that it may leave.
update upload
set
  state = %(to)s,
  reason = %(reason)s,
  updated_at = now()
where upload_id = %(upload_id)s and state = any(%(from)s::upload_state[])
returning upload_id
