-- The run that asks leaves it to the client; another's question is not touched.
update mapping_question set seen_at = %(now)s, closed_at = %(now)s
where upload_id = %(upload_id)s and run = %(run)s
