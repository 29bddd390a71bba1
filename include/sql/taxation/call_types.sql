-- How many calls of each type, with their direction; codes that no release documents count as
-- Unspecified. Parameters: from, to (days, both included), pbx, cost_centre.
select
  call_type_name as call_type,
  direction,
  count(*) as calls,
  count(*) filter (where duration > 0) as answered,
  coalesce(sum(duration), 0)::bigint as seconds
from v_ticket
where
  (%(p_from)s::date is null or coalesce(start_date_time, end_date_time) >= %(p_from)s::date)
  and (%(p_to)s::date is null or coalesce(start_date_time, end_date_time) < %(p_to)s::date + 1)
  and (%(p_pbx)s::text is null or pbx = %(p_pbx)s)
  and (%(p_cost_centre)s::text is null or cost_centre = %(p_cost_centre)s)
group by call_type_name, direction
order by calls desc, call_type asc
