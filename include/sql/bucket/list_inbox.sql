-- States of the uploads whose files still lie in the inbox.
select
  key,
  state::text as state
from upload
where client_id = %(client_id)s and in_inbox
order by upload_id
