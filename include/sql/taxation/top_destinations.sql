-- The outside numbers called most (masked for who may not see them), by calls and cost.
-- Parameters: from, to (days, both included), pbx, limit.
select
  called_number,
  count(*) as calls,
  coalesce(sum(duration), 0)::bigint as seconds,
  coalesce(sum(cost), 0) as cost
from v_ticket
where
  direction = 'outgoing'
  and (%(p_from)s::date is null or coalesce(start_date_time, end_date_time) >= %(p_from)s::date)
  and (%(p_to)s::date is null or coalesce(start_date_time, end_date_time) < %(p_to)s::date + 1)
  and (%(p_pbx)s::text is null or pbx = %(p_pbx)s)
group by called_number
order by calls desc, cost desc, called_number asc
limit %(p_limit)s
