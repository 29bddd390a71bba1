-- The tickets to rate, each with the version of the tariff of its PBX's client that counts on the day of
-- the call: those without a price, unless that version has given none already; "again": also those priced
-- by another version. Incoming and local calls only if that tariff has rates for them. Times as seconds
-- since 1970.
create temporary table rating_call on commit drop as
with last_version as (
  select distinct on (code, valid_from) tariff_id, code, valid_from, document
  from tariff
  order by code asc, valid_from asc, version desc
),
validity as (
  select
    tariff_id, code, valid_from, document,
    coalesce(lead(valid_from) over (partition by code order by valid_from), 'infinity') as valid_until
  from last_version
),
priced as (
  select distinct v.tariff_id, r.rate ->> 'direction' as direction
  from validity as v, jsonb_array_elements(v.document -> 'rates') as r (rate)
)

select
  v.ticket_id,
  t.tariff_id,
  v.direction,
  v.pbx,
  coalesce(v.called_number, '') as called,
  date_part('epoch', coalesce(
    v.start_at, v.end_date_time at time zone v.timezone - v.duration * interval '1 second'
  ))::bigint as start_at,
  least(v.duration, 2147483647)::integer as seconds,
  v.charge_units as units
from v_ticket_full as v
join pbx as p on p.code = v.pbx
left join client as c on c.client_id = p.client_id
left join validity as t
  on
    t.code = coalesce(c.tariff, 'default')
    and coalesce(v.start_date_time, v.end_date_time) >= t.valid_from
    and coalesce(v.start_date_time, v.end_date_time) < t.valid_until
where
  (%(since)s::date is null or coalesce(v.start_date_time, v.end_date_time) >= %(since)s)
  and (%(until)s::date is null or coalesce(v.start_date_time, v.end_date_time) < %(until)s::date + 1)
  and (%(tariff)s::text is null or coalesce(c.tariff, 'default') = %(tariff)s)
  and not exists (
    select from rated_ticket as r
    where
      r.ticket_id = v.ticket_id and not r.superseded
      and case
        when %(again)s then r.tariff_id = t.tariff_id and r.cost is not null
        else r.cost is not null or t.tariff_id is null or r.tariff_id = t.tariff_id
      end
  )
  and (
    v.direction = 'outgoing'
    or v.direction in ('incoming', 'local')
    and (t.tariff_id, v.direction) in (
      select o.tariff_id, d.direction
      from priced as o
      cross join (values ('incoming'), ('local')) as d (direction)
      where o.direction in ('any', d.direction)
    )
  )
