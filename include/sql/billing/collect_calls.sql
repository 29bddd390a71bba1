-- The tickets to rate: those without a price that counts, each with the version of the tariff of its
-- PBX's client that counts on the day of the call. Incoming and local calls only if that tariff has
-- rates for them. Times as seconds since 1970.
insert into rating_call (ticket_id, tariff_id, direction, digits, masked, start_at, seconds, units)
select
  v.ticket_id,
  t.tariff_id,
  v.direction,
  rtrim(n.digits, '-*'),
  n.digits ~ '[-*]$',
  extract(epoch from coalesce(
    v.start_at, v.end_date_time at time zone v.timezone - v.duration * interval '1 second'
  ))::bigint,
  least(v.duration, 2147483647)::integer,
  v.charge_units
from v_ticket_full as v
join pbx as p on p.code = v.pbx
left join client as c on c.client_id = p.client_id
cross join lateral (select dialled_e164(v.called_number, p.dial_plan) as digits) as n
left join lateral (
  select s.tariff_id
  from tariff as s
  where
    s.code = coalesce(c.tariff, 'default')
    and s.valid_from <= coalesce(v.start_date_time, v.end_date_time)::date
  order by s.valid_from desc, s.version desc
  limit 1
) as t on true
where
  v.direction <> 'unspecified'
  and (
    v.direction = 'outgoing'
    or exists (
      select from tariff as s, jsonb_array_elements(s.document -> 'rates') as r (rate)
      where s.tariff_id = t.tariff_id and r.rate ->> 'direction' in (v.direction, 'any')
    )
  )
  and not exists (
    select from rated_ticket as r where r.ticket_id = v.ticket_id and not r.superseded
  )
