-- The row of one campaign file, locked: two runs never apply it at the same time.
select
  u.upload_id, u.import_id, u.key, u.sha256, u.bytes, u.state::text as state, u.receipt,
  u.in_inbox, u.created_at, c.code as client
from upload as u join client as c using (client_id)
where u.upload_id = %(upload_id)s and u.kind = 'campaign'
for no key update of u
