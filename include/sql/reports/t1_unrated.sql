-- Calls of the period without a price, by reason; 'not_rated_yet' = rating has not come to them,
-- 'not_outgoing' = it does so only where the tariff has a price for such calls.
select
  coalesce(unrated_reason, case direction when 'outgoing' then 'not_rated_yet' else 'not_outgoing' end) as reason,
  direction,
  count(*) as calls
from v_ticket
where
  rated is not true
  and coalesce(start_at, end_date_time at time zone %(zone)s) >= %(since)s
  and coalesce(start_at, end_date_time at time zone %(zone)s) < %(until)s
group by reason, direction
order by calls desc, reason asc, direction asc
