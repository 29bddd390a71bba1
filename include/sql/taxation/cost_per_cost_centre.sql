-- What each cost centre's calls came to, per PBX: calls, answered calls, seconds, cost without VAT, and
-- how many outgoing calls have no price (yet). A cost centre that is not set is null. A call counts on
-- the day of its start in the PBX's own time. Parameters: from, to (days, both included), pbx.
select
  pbx,
  charged_cost_center as cost_centre,
  count(*) as calls,
  count(*) filter (where duration > 0) as answered,
  coalesce(sum(duration), 0)::bigint as seconds,
  coalesce(sum(cost), 0) as cost,
  count(*) filter (where direction = 'outgoing' and rated is not true) as unrated
from v_ticket
where
  (%(p_from)s::date is null or coalesce(start_date_time, end_date_time) >= %(p_from)s::date)
  and (%(p_to)s::date is null or coalesce(start_date_time, end_date_time) < %(p_to)s::date + 1)
  and (%(p_pbx)s::text is null or pbx = %(p_pbx)s)
group by pbx, charged_cost_center
order by cost desc, seconds desc, pbx asc, cost_centre asc
