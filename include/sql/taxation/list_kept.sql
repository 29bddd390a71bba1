-- The files to read again from their kept bytes, in the order in which they first came.
select pbx, name, size, sha256, raw_key
from spooled_file
where (%(everything)s or state <> 'loaded') and (%(pbx)s::text is null or pbx = %(pbx)s)
order by file_id
