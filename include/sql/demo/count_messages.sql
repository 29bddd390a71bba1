-- Every message of the day by state; skipped ones by reason too.
select state::text, case when state = 'skipped' then reason end as reason, count(*)
from message
group by 1, 2
