-- New files that are loaded in one transaction, in the order given.
insert into spooled_file (pbx, name, size, sha256, state, raw_key)
select n.pbx, n.name, n.size, n.sha256, 'loaded', n.raw_key
from jsonb_to_recordset(%(files)s) as n (pbx text, name text, size bigint, sha256 text, raw_key text)
returning sha256, file_id
