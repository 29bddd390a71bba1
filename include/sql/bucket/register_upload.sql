-- Claim a drop: one row per client, key and content for as long as the file lies in the inbox.
insert into upload (import_id, client_id, kind, key, sha256, bytes, list_name, label)
values (%(import_id)s, %(client_id)s, %(kind)s, %(key)s, %(sha256)s, %(bytes)s, %(list_name)s, %(label)s)
on conflict (client_id, key, sha256) where in_inbox do nothing
returning upload_id
