-- Rows refused in the period, by the code that the client was told.
select code.key as code, sum(code.value::bigint)::bigint as rejected, count(distinct u.upload_id) as files
from upload as u
cross join lateral jsonb_each_text(coalesce(u.counts -> 'rejected_by', '{}')) as code
where u.kind = 'contacts' and u.created_at >= %(since)s and u.created_at < %(until)s
group by code.key
having sum(code.value::bigint) > 0
order by rejected desc, code asc
