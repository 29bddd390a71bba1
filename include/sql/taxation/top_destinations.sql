-- Who is called most (outside numbers, masked for who may not see them), or who calls out most
-- (extensions), by calls and cost.
-- Parameters: from, to (days, both included), pbx, cost_centre, side (destinations or callers), limit.
select
  case when %(p_side)s = 'callers' then charged_number else called_number end as number,
  case when %(p_side)s = 'callers' then user_name end as user_name,
  count(*) as calls,
  coalesce(sum(duration), 0)::bigint as seconds,
  coalesce(sum(cost), 0) as cost
from v_ticket
where
  direction = 'outgoing'
  and (%(p_from)s::date is null or coalesce(start_date_time, end_date_time) >= %(p_from)s::date)
  and (%(p_to)s::date is null or coalesce(start_date_time, end_date_time) < %(p_to)s::date + 1)
  and (%(p_pbx)s::text is null or pbx = %(p_pbx)s)
  and (%(p_cost_centre)s::text is null or cost_centre = %(p_cost_centre)s)
group by 1, 2
order by calls desc, cost desc, 1 asc, 2 asc
limit %(p_limit)s
