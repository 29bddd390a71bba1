-- The same numbers are called again and again, and those that begin alike meet the same longest prefix,
-- and so the same plan: each is looked up once.
insert into rating_reached (group_id, called, tariff_id, plan_id, shape_id, currency, reason)
with dialled as materialized (
  select
    c.group_id, c.called, g.tariff_id, g.direction, e.digits, rtrim(e.digits, '-*') as known, t.longest, t.currency
  from (select distinct group_id, called from rating_call where tariff_id is not null) as c
  join rating_group as g using (group_id)
  join rating_tariff as t using (tariff_id)
  join pbx as p on p.code = g.pbx
  cross join lateral (
    select dialled_e164(c.called, p.dial_plan) as digits
    limit 1  -- once per number, however often it is used
  ) as e
),
beginning as materialized (
  select h.tariff_id, h.direction, h.digits, left(h.digits, l.size) as prefix
  from (select distinct tariff_id, direction, left(known, longest) as digits from dialled) as h
  cross join generate_series(0, length(h.digits)) as l (size)
),
head as (
  select distinct on (b.tariff_id, b.direction, b.digits) b.tariff_id, b.direction, b.digits, p.plan_id, n.shape_id
  from beginning as b
  join rating_prefix as p using (tariff_id, direction, prefix)
  left join rating_plan as n using (plan_id)
  order by b.tariff_id, b.direction, b.digits, length(b.prefix) desc
)

select
  d.group_id, d.called, d.tariff_id, h.plan_id, h.shape_id, d.currency,
  case
    when d.digits ~ '[-*]$' and d.known <> '' and exists (
        select from rating_prefix as m
        where m.tariff_id = d.tariff_id and starts_with(m.prefix, d.known) and length(m.prefix) > length(d.known)
      ) then 'number_masked'
    when h.plan_id is null then 'no_rate_for_destination'
  end
from dialled as d
left join head as h
  on h.tariff_id = d.tariff_id and h.direction = d.direction and h.digits = left(d.known, d.longest)
