-- Raw spool files that were read before, relative to the spool's address.
select raw_key
from spooled_file
where processed_at < %(before)s
order by raw_key
