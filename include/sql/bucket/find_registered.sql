-- The upload that claimed this drop before.
select upload_id
from upload
where client_id = %(client_id)s and key = %(key)s and sha256 = %(sha256)s and in_inbox
