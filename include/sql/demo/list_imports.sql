-- The state of every contact file that was dropped, and what its receipt says.
select
  u.import_id,
  c.code,
  regexp_replace(u.key, '^.*/', '') as file,
  u.state::text,
  coalesce((u.counts ->> 'loaded')::integer, 0) as loaded,
  coalesce((u.counts ->> 'rejected')::integer, 0) as rejected,
  u.receipt #>> '{reason,message_en}' as reason
from upload as u inner join client as c using (client_id)
where u.kind = 'contacts'
order by u.upload_id
