-- Great Expectations' results over the period, by expectation and column, without the values: its own
-- pages carry scripts and the data themselves.
select
  coalesce(c.entry #>> '{expectation_config,type}', c.entry #>> '{expectation_config,expectation_type}')
    as expectation,
  coalesce(
    c.entry #>> '{expectation_config,kwargs,column}',
    c.entry #>> '{expectation_config,kwargs,column_set}',
    ''
  ) as on_column,
  count(*) as files,
  count(*) filter (where not (c.entry ->> 'success')::boolean) as broken,
  coalesce(sum((c.entry #>> '{result,element_count}')::bigint), 0)::bigint as checked,
  coalesce(sum((c.entry #>> '{result,unexpected_count}')::bigint), 0)::bigint as unexpected
from upload as u
cross join
  lateral jsonb_array_elements(
    case jsonb_typeof(u.validation -> 'results') when 'array' then u.validation -> 'results' else '[]' end
  ) as c (entry)
where u.kind = 'contacts' and u.created_at >= %(since)s and u.created_at < %(until)s
group by expectation, on_column
order by unexpected desc, broken desc, expectation asc, on_column asc
