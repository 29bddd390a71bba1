-- Files that are no longer there; a new file of the same name starts anew.
delete from drop_sighting
where client_id = %(client_id)s and not key = any(%(keys)s::text [])
