-- Imports that wait for their columns, and what has been done about it. Quiet since: the last change of
-- the import itself.
select
  u.upload_id,
  u.import_id,
  u.created_at,
  u.updated_at as quiet_since,
  u.reminded_at,
  q.seen_at,
  coalesce(q.closed_at is not null, false) as closed
from upload as u left join mapping_question as q using (upload_id)
where u.state = 'awaiting_mapping' and u.kind = 'contacts'
order by u.upload_id
