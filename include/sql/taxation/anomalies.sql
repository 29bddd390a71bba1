-- Calls and days that a person should look at.
-- long: a call of at least long_seconds. night: an outgoing call that begins from night_from o'clock on
-- and before night_to. premium: an outgoing call to a number that begins with one of the prefixes
-- `premium` (after the digits for an outside line). spike: an extension that on one day made and took at
-- least spike_calls calls and more than spike_factor times the median of its 28 days before (days
-- without a call count 0; days before the PBX's first ticket are no days; fewer than 7 say nothing).
-- A call may be listed once per kind. Times are the PBX's own; days count by the start of the call.
-- Parameters: from, to (days, both included), pbx, cost_centre, long_seconds, night_from, night_to,
-- premium (prefixes with commas between), spike_factor, spike_calls.
with every as (
  select
    v.pbx,
    v.charged_number as extension,
    v.user_name,
    v.cost_centre,
    v.direction,
    v.called_number,
    coalesce(v.start_date_time, v.end_date_time) as at,
    v.duration,
    v.cost,
    case
      when starts_with(v.called_number, p.dial_plan ->> 'outside')
        then substr(v.called_number, length(p.dial_plan ->> 'outside') + 1)
      else v.called_number
    end as dialled
  from v_ticket as v
  join pbx as p on p.code = v.pbx
  where
    coalesce(v.start_date_time, v.end_date_time) is not null
    and (%(p_pbx)s::text is null or v.pbx = %(p_pbx)s)
),
call as (
  select * from every
  where
    (%(p_from)s::date is null or at >= %(p_from)s::date)
    and (%(p_to)s::date is null or at < %(p_to)s::date + 1)
    and (%(p_cost_centre)s::text is null or cost_centre = %(p_cost_centre)s)
),
found as (
  select c.*, k.kind
  from call as c
  cross join lateral (values
    ('long', c.duration >= %(p_long_seconds)s),
    (
      'night',
      c.direction = 'outgoing' and case
        when %(p_night_from)s <= %(p_night_to)s
          then date_part('hour', c.at) >= %(p_night_from)s and date_part('hour', c.at) < %(p_night_to)s
        else date_part('hour', c.at) >= %(p_night_from)s or date_part('hour', c.at) < %(p_night_to)s
      end
    ),
    (
      'premium',
      c.direction = 'outgoing' and exists (
        select from unnest(string_to_array(%(p_premium)s, ',')) as prefix
        where starts_with(c.dialled, prefix)
      )
    )
  ) as k (kind, holds)
  where k.holds
),
daily as (
  select pbx, extension, at::date as day, count(*) as calls, sum(duration) as seconds, sum(cost) as cost
  from every
  where extension is not null
  group by pbx, extension, at::date
),
first_day as (
  select pbx, min(at)::date as day from every group by pbx
),
candidate as (
  select c.pbx, c.extension, c.at::date as day, max(c.user_name) as user_name, max(c.cost_centre) as cost_centre
  from call as c
  where c.extension is not null
  group by c.pbx, c.extension, c.at::date
),
usual as (
  select
    d.pbx, d.extension, k.user_name, k.cost_centre, d.day, d.calls, d.seconds, d.cost,
    percentile_cont(0.5) within group (order by coalesce(b.calls, 0)) as median
  from daily as d
  join candidate as k using (pbx, extension, day)
  join first_day as f using (pbx)
  cross join lateral generate_series(greatest(d.day - 28, f.day), d.day - 1, interval '1 day') as g (day)
  left join daily as b on b.pbx = d.pbx and b.extension = d.extension and b.day = g.day::date
  where d.calls >= %(p_spike_calls)s
  group by d.pbx, d.extension, k.user_name, k.cost_centre, d.day, d.calls, d.seconds, d.cost
  having count(*) >= 7
)
select
  kind, pbx, extension, user_name, cost_centre, at, called_number,
  1::bigint as calls, duration as seconds, cost, null::double precision as usual_calls
from found
union all
select
  'spike', pbx, extension, user_name, cost_centre, day::timestamp, null,
  calls, seconds::bigint, cost, median
from usual
where calls > %(p_spike_factor)s * median
order by 1, 2, 6, 3, 7
