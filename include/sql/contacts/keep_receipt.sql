-- The receipt as last written, and the figures that reports read.
update upload
set
  receipt = %(receipt)s,
  counts = %(counts)s,
  fingerprint = coalesce(%(fingerprint)s, fingerprint),
  validation = coalesce(%(validation)s, validation)
where upload_id = %(upload_id)s
