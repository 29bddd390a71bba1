-- The days (UTC) that the collected calls reach, by tariff version and direction.
select
  tariff_id,
  direction,
  (to_timestamp(start_at) at time zone 'UTC')::date as first_day,
  max((to_timestamp(start_at + greatest(seconds, 0)) at time zone 'UTC')::date) as last_day
from rating_call
where tariff_id is not null and start_at is not null and seconds is not null
group by 1, 2, 3
