-- A drop, as the scan of the bucket would register it; the scan may have been faster.
insert into upload (import_id, client_id, kind, key, sha256, bytes)
values (
  'imp_' || left(replace(gen_random_uuid()::text, '-', ''), 20),
  %(client_id)s, 'campaign', %(key)s, %(sha256)s, %(bytes)s
)
on conflict (client_id, key, sha256) where in_inbox do nothing
