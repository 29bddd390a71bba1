-- Extensions that nobody used in the period: of the organisation (somebody has it on the period's last
-- day) or met in tickets before, without a ticket in it. `last_call` is the last one before the period.
-- Without `to`, the period ends on the day of the PBX's last ticket; without `from`, it has 30 days.
-- Parameters: from, to (days, both included), pbx.
with used as (
  select pbx, charged_number as extension, coalesce(start_date_time, end_date_time) as at, user_name
  from v_ticket
  where
    charged_number is not null and coalesce(start_date_time, end_date_time) is not null
    and (%(p_pbx)s::text is null or pbx = %(p_pbx)s)
),
last_day as (
  select code as pbx, coalesce(%(p_to)s::date, max(u.at)::date, current_date) as day
  from pbx
  left join used as u on u.pbx = pbx.code
  where %(p_pbx)s::text is null or code = %(p_pbx)s
  group by code
),
period as (
  select pbx, coalesce(%(p_from)s::date, day - 29) as first, day as last from last_day
),
known as (
  select s.pbx, s.extension, nullif(s.person, '') as user_name, s.cost_centre, 'organisation' as known_from
  from org_user_span as s
  join period as p using (pbx)
  where s.valid_from <= p.last and (s.valid_to is null or s.valid_to >= p.last)
  union all
  select distinct u.pbx, u.extension, null, null, 'tickets'
  from used as u
  join period as p using (pbx)
  where u.at < p.first
),
extension as (
  select distinct on (pbx, extension) * from known order by pbx, extension, known_from
)
select
  e.pbx, e.extension,
  coalesce(e.user_name, l.user_name) as user_name,
  e.cost_centre, e.known_from,
  l.at as last_call
from extension as e
join period as p using (pbx)
left join lateral (
  select u.at, u.user_name from used as u
  where u.pbx = e.pbx and u.extension = e.extension and u.at < p.first
  order by u.at desc, u.user_name asc
  limit 1
) as l on true
where
  not exists (
    select from used as u
    where u.pbx = e.pbx and u.extension = e.extension and u.at >= p.first and u.at < p.last + 1
  )
order by e.pbx asc, e.extension asc
