-- The tickets to rate, each with the version of the tariff of its PBX's client that counts on the day of
-- the call: those without a price, unless that version has given none already; "again": also those priced
-- by another version. Incoming and local calls only if that tariff has rates for them. Times as seconds
-- since 1970.
insert into rating_call (ticket_id, tariff_id, direction, digits, masked, start_at, seconds, units)
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
),
open_ticket as materialized (
  select
    v.ticket_id, t.tariff_id, v.direction, v.called_number, v.pbx, v.start_at, v.end_date_time, v.timezone,
    v.duration, v.charge_units
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
),
-- The same numbers are called again and again.
dialled as materialized (
  select d.pbx, d.called_number, dialled_e164(d.called_number, p.dial_plan) as digits
  from (select distinct pbx, called_number from open_ticket) as d
  join pbx as p on p.code = d.pbx
)
select
  v.ticket_id,
  v.tariff_id,
  v.direction,
  rtrim(n.digits, '-*'),
  n.digits ~ '[-*]$',
  date_part('epoch', coalesce(
    v.start_at, v.end_date_time at time zone v.timezone - v.duration * interval '1 second'
  ))::bigint,
  least(v.duration, 2147483647)::integer,
  v.charge_units
from open_ticket as v
left join dialled as n on n.pbx = v.pbx and n.called_number = v.called_number
