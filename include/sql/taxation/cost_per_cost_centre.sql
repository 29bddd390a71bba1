-- What the calls of each cost centre, company or user came to, per PBX: calls, answered calls, seconds,
-- cost without VAT, and how many outgoing calls have no price (yet). A person's calls count where the
-- organisation says that the person was on that day, else where the ticket says; a cost centre that
-- is not set is null. A call counts on the day of its start in the PBX's own time.
-- Parameters: from, to (days, both included), pbx, cost_centre, per (cost_centre, company or user).
select
  pbx,
  case when %(p_per)s = 'cost_centre' then cost_centre end as cost_centre,
  case when %(p_per)s = 'cost_centre' then cost_centre_name end as cost_centre_name,
  case when %(p_per)s = 'company' then company end as company,
  case when %(p_per)s = 'user' then charged_number end as extension,
  case when %(p_per)s = 'user' then user_name end as user_name,
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
  and (%(p_cost_centre)s::text is null or cost_centre = %(p_cost_centre)s)
group by 1, 2, 3, 4, 5, 6
order by cost desc, seconds desc, pbx asc, 2 asc, 4 asc, 5 asc, 6 asc
