-- The state of every contact file that was dropped.
select u.import_id, c.code, regexp_replace(u.key, '^.*/', '') as file, u.state::text
from upload as u inner join client as c using (client_id)
where u.kind = 'contacts'
order by u.upload_id
