-- Calls of the period without a price, by reason; 'not_rated_yet' = rating has not come to them.
select coalesce(unrated_reason, 'not_rated_yet') as reason, direction, count(*) as calls
from v_ticket
where
  rated is not true
  and coalesce(start_at, end_date_time at time zone %(zone)s) >= %(since)s
  and coalesce(start_at, end_date_time at time zone %(zone)s) < %(until)s
group by reason, direction
order by calls desc, reason asc, direction asc
