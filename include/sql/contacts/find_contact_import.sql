-- A contact file by its import_id, whoever's it is.
select upload_id
from upload
where import_id = %(import_id)s and kind = 'contacts'
