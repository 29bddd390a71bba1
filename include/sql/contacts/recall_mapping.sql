-- The mapping last confirmed by the client for this header.
select mapping, import_id
from remembered_mapping
where client_id = %(client_id)s and fingerprint = %(fingerprint)s
