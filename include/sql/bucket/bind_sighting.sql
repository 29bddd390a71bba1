-- This version of the file is taken: no need to read it again.
update drop_sighting
set upload_id = %(upload_id)s
where client_id = %(client_id)s and key = %(key)s
