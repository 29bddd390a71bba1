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
  and (%(from)s::date is null or coalesce(start_date_time, end_date_time) >= %(from)s::date)
  and (%(to)s::date is null or coalesce(start_date_time, end_date_time) < %(to)s::date + 1)
  and (%(pbx)s::text is null or pbx = %(pbx)s)
group by called_number
order by calls desc, cost desc, called_number asc
limit %(limit)s
