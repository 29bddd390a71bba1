-- Finished uploads whose files are still in the inbox.
select upload_id
from upload
where in_inbox and state in ('loaded', 'rejected', 'duplicate', 'quarantined', 'expired')
order by upload_id
