-- R10: each contact file dropped in the period and what became of its rows.
select
  u.import_id,
  k.code as client,
  regexp_replace(u.key, '^.*/', '') as file,
  u.list_name as list,
  u.state::text as state,
  u.reason,
  u.bytes,
  coalesce((u.counts ->> 'rows')::bigint, 0) as file_rows,
  coalesce((u.counts ->> 'loaded')::bigint, 0) as loaded,
  coalesce((u.counts ->> 'updated')::bigint, 0) as updated,
  coalesce((u.counts ->> 'unchanged')::bigint, 0) as unchanged,
  coalesce((u.counts ->> 'duplicates')::bigint, 0) as duplicates,
  coalesce((u.counts ->> 'blocklisted')::bigint, 0) as blocklisted,
  coalesce((u.counts ->> 'rejected')::bigint, 0) as rejected,
  round(
    100.0 * (u.counts ->> 'rejected')::bigint / nullif((u.counts ->> 'rows')::bigint, 0), 1
  ) as rejected_percent,
  u.created_at
from upload as u
inner join client as k using (client_id)
where u.kind = 'contacts' and u.created_at >= %(since)s and u.created_at < %(until)s
order by u.created_at desc, u.upload_id desc
