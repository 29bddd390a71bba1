-- The days (UTC, counted from 1970) that the collected calls reach, by tariff version and direction.
select g.tariff_id, g.direction, c.first_day, max(c.last_day) as last_day
from (
  select group_id, start_at / 86400 as first_day, max(start_at + greatest(seconds, 0)) / 86400 as last_day
  from rating_call
  where tariff_id is not null and start_at is not null and seconds is not null
  group by 1, 2
) as c
join rating_group as g using (group_id)
group by 1, 2, 3
