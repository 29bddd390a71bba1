-- T1: what the calls of a period cost, three times: by cost centre, by company, by user. A call counts
-- in the period of its start (of its end where the layout has no start), and where the organisation
-- says that the person was on that day. Where a tariff has no price for incoming and internal calls, rating
-- leaves them out: they lack none.
with call as (
  select
    cost_centre as charged_cost_center,
    company as charged_company,
    charged_number,
    user_name as charged_user_name,
    direction,
    coalesce(duration, 0) as seconds,
    cost,
    coalesce(currency, 'EUR') as currency,
    rated
  from v_ticket
  where
    coalesce(start_at, end_date_time at time zone %(zone)s) >= %(since)s
    and coalesce(start_at, end_date_time at time zone %(zone)s) < %(until)s
)

select
  case grouping(charged_cost_center, charged_company, charged_number)
    when 3 then 'cost_centre'
    when 5 then 'company'
    when 6 then 'user'
  end as per,
  charged_cost_center as cost_centre,
  charged_company as company,
  charged_number as extension,
  charged_user_name as user_name,
  currency,
  count(*) as calls,
  count(*) filter (where direction = 'outgoing') as outgoing,
  sum(seconds)::bigint as seconds,
  coalesce(sum(cost), 0) as cost,
  count(*) filter (where not rated or (rated is null and direction = 'outgoing')) as unrated
from call
group by
  grouping sets (
    (currency, charged_cost_center),
    (currency, charged_company),
    (currency, charged_number, charged_user_name)
  )
order by per asc, cost desc, seconds desc, charged_cost_center asc, charged_company asc, charged_number asc
