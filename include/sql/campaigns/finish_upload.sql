-- What became of a campaign file.
update upload set
  state = %(state)s::upload_state, reason = %(reason)s, receipt = %(receipt)s, updated_at = now()
where upload_id = %(upload_id)s
