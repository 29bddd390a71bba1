-- The same numbers are called again and again, and those that begin alike meet the same longest prefix,
-- and so the same plan: each is looked up once.
insert into rating_reached (tariff_id, direction, pbx, called, plan_id, shape_id, currency, reason)
with dialled as materialized (
  select c.tariff_id, c.direction, c.pbx, c.called, e.digits, rtrim(e.digits, '-*') as known, t.longest, t.currency
  from (select distinct tariff_id, direction, pbx, called from rating_call where tariff_id is not null) as c
  join rating_tariff as t using (tariff_id)
  join pbx as p on p.code = c.pbx
  cross join lateral (
    select dialled_e164(c.called, p.dial_plan) as digits
    limit 1  -- once per number, however often it is used
  ) as e
),
head as (
  select h.tariff_id, h.direction, h.digits, p.plan_id, p.shape_id
  from (select distinct tariff_id, direction, left(known, longest) as digits from dialled) as h
  cross join lateral (
    select p.plan_id, n.shape_id
    from generate_series(length(h.digits), 0, -1) as l (size)
    join rating_prefix as p
      on p.tariff_id = h.tariff_id and p.direction = h.direction and p.prefix = left(h.digits, l.size)
    left join rating_plan as n using (plan_id)
    order by l.size desc
    limit 1
  ) as p
)
select
  d.tariff_id, d.direction, d.pbx, d.called, h.plan_id, h.shape_id, d.currency,
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
