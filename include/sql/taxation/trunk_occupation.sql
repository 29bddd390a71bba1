-- How full each trunk group was, per half hour of the PBX's own clock: the traffic in Erlang, from the
-- seconds that calls held a trunk in it (1 Erlang = one trunk held throughout), the most trunks held
-- at once, the traffic of the hour that begins with it, whether that is the group's busiest of the
-- period, and the lines that would lose at most the share `blocking` of the calls of that hour
-- (Erlang B). Half hours without traffic are left out. A call that began before the period counts
-- with its part in it. A trunk is held from the start of the ticket to its end, waiting included.
-- Parameters: from, to (days, both included), pbx, trunk_group, blocking.
with held as (
  select
    v.pbx,
    v.trunk_group_identity as trunk_group,
    p.timezone,
    -- Two ends in the hour that comes twice: the earlier reading of a start that would come after its end.
    case
      when v.start_at > v.end_at then coalesce(v.start_at_earlier, v.start_at)
      else coalesce(
        v.start_at, v.end_at - (coalesce(v.waiting_duration, 0) + coalesce(v.duration, 0)) * interval '1 second'
      )
    end as seized_at,
    coalesce(
      v.end_at, v.start_at + (coalesce(v.waiting_duration, 0) + coalesce(v.duration, 0)) * interval '1 second'
    ) as released_at
  from v_ticket as v
  join pbx as p on p.code = v.pbx
  where
    v.trunk_group_identity is not null
    and (%(p_pbx)s::text is null or v.pbx = %(p_pbx)s)
    and (%(p_trunk_group)s::text is null or v.trunk_group_identity = %(p_trunk_group)s)
),
within as (
  select
    pbx, trunk_group, timezone,
    greatest(seized_at, %(p_from)s::date::timestamp at time zone timezone) as seized_at,
    least(released_at, (%(p_to)s::date + 1)::timestamp at time zone timezone) as released_at
  from held
),
-- Half hours of the local clock, as instants: zones are whole quarters of an hour from UTC.
piece as (
  select
    w.pbx, w.trunk_group, w.timezone, h.half_hour,
    greatest(w.seized_at, h.half_hour) as from_at,
    least(w.released_at, h.half_hour + interval '30 minutes') as to_at
  from within as w
  cross join lateral generate_series(
    w.seized_at - mod(extract(epoch from w.seized_at at time zone w.timezone), 1800) * interval '1 second',
    w.released_at - interval '1 second',
    interval '30 minutes'
  ) as h (half_hour)
  where w.seized_at < w.released_at
),
change as (
  select pbx, trunk_group, half_hour, at, sum(step) as step
  from piece
  cross join lateral (values (from_at, 1), (to_at, -1)) as edge (at, step)
  group by pbx, trunk_group, half_hour, at
),
-- Who leaves and who comes at one instant do not hold two trunks: changes of an instant count as one.
level as (
  select
    pbx, trunk_group, half_hour,
    sum(step) over (partition by pbx, trunk_group, half_hour order by at) as trunks
  from change
),
peak as (
  select pbx, trunk_group, half_hour, max(trunks) as most_at_once
  from level
  group by pbx, trunk_group, half_hour
),
slot as (
  select
    pbx, trunk_group, timezone, half_hour,
    count(*) as calls,
    sum(extract(epoch from to_at - from_at)) as held_seconds
  from piece
  group by pbx, trunk_group, timezone, half_hour
),
hour as (
  select
    s.*,
    k.most_at_once,
    (s.held_seconds + coalesce(n.held_seconds, 0)) / 3600 as hour_erlang
  from slot as s
  join peak as k using (pbx, trunk_group, half_hour)
  left join slot as n
    on n.pbx = s.pbx and n.trunk_group = s.trunk_group and n.half_hour = s.half_hour + interval '30 minutes'
)
select
  pbx,
  trunk_group,
  to_char(half_hour at time zone timezone, 'YYYY-MM-DD HH24:MI') as half_hour,
  half_hour as begins_at,
  calls,
  round(held_seconds / 1800, 4) as erlang,
  most_at_once::bigint as most_at_once,
  round(hour_erlang, 4) as hour_erlang,
  row_number() over (partition by pbx, trunk_group order by hour_erlang desc, half_hour asc) = 1 as busy_hour,
  lines_needed(hour_erlang::double precision, %(p_blocking)s) as lines_needed
from hour
order by pbx asc, trunk_group asc, begins_at asc
