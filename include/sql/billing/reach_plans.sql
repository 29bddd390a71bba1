-- Numbers that begin alike meet the same longest prefix, and so the same plan: looked up once each.
insert into rating_reached (tariff_id, direction, digits, plan_id, shape_id)
select h.tariff_id, h.direction, h.digits, p.plan_id, p.shape_id
from (
  select distinct c.tariff_id, c.direction, left(c.digits, t.longest) as digits
  from rating_call as c
  join rating_tariff as t using (tariff_id)
) as h
cross join lateral (
  select p.plan_id, n.shape_id
  from generate_series(length(h.digits), 0, -1) as l (size)
  join rating_prefix as p
    on p.tariff_id = h.tariff_id and p.direction = h.direction and p.prefix = left(h.digits, l.size)
  left join rating_plan as n using (plan_id)
  order by l.size desc
  limit 1
) as p
