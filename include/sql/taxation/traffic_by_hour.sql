-- Calls and seconds by weekday (1 = Monday) and hour of their start, in the PBX's own time.
-- Parameters: from, to (days, both included), pbx, cost_centre.
select
  extract(isodow from start_date_time)::integer as weekday,
  extract(hour from start_date_time)::integer as hour,
  direction,
  count(*) as calls,
  coalesce(sum(duration), 0)::bigint as seconds
from v_ticket
where
  start_date_time is not null
  and (%(p_from)s::date is null or start_date_time >= %(p_from)s::date)
  and (%(p_to)s::date is null or start_date_time < %(p_to)s::date + 1)
  and (%(p_pbx)s::text is null or pbx = %(p_pbx)s)
  and (%(p_cost_centre)s::text is null or cost_centre = %(p_cost_centre)s)
group by 1, 2, 3
order by 1, 2, 3
