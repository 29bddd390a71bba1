-- One upload with what its client wants of imports.
select
  u.upload_id, u.import_id, u.client_id, c.code as client, c.language, u.kind::text as kind, u.key, u.sha256,
  u.bytes, u.state::text as state, u.reason, u.list_name, u.label, u.in_inbox, u.fingerprint, u.mapping,
  u.mapping_by, u.counts, u.receipt, u.created_at, u.updated_at, c.auto_confirm, c.max_columns,
  c.max_reject_ratio, c.formula_like_text
from upload as u inner join client as c using (client_id)
where u.upload_id = %(upload_id)s
