-- Each plan's rates in one place, and what the planner has to know. Every call is looked at now, so that
-- joining by loops is never better.
create temporary table rating_setup on commit drop as
select s.plan_id, s.slot, r.*
from rating_slot as s
join rating_rate as r using (rate_id);

analyze rating_reached, rating_timeline, rating_slot, rating_rate, rating_segment, rating_step, rating_setup;

set local enable_nestloop = off
