-- Whose inboxes to look into.
select client_id, code, completion
from client
where %(code)s::text is null or code = %(code)s
order by client_id
