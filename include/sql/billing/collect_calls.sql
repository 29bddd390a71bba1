-- The tickets to rate, each with the version of the tariff of its PBX's client that counts on the day of
-- the call: those without a price, unless that version has given none already; "again": also those priced
-- by another version. Incoming and local calls only if that tariff has rates for them. Times as seconds
-- since 1970. A group is what shares PBX, direction and version; before the first version there is none.
create temporary table rating_group on commit drop as
with last_version as (
  select distinct on (code, valid_from) tariff_id, code, valid_from, document
  from tariff
  order by code asc, valid_from asc, version desc
),
version as (
  select
    tariff_id, code, valid_from, document,
    coalesce(lead(valid_from) over (partition by code order by valid_from), 'infinity') as valid_until
  from last_version
),
validity as (
  select tariff_id, code, valid_from, valid_until from version
  union all
  select null, c.code, '-infinity', coalesce(min(v.valid_from), 'infinity')
  from (select 'default' as code union select tariff from client where tariff is not null) as c
  left join version as v using (code)
  group by c.code
),
priced as (
  select distinct v.tariff_id, r.rate ->> 'direction' as direction
  from version as v, jsonb_array_elements(v.document -> 'rates') as r (rate)
)

select
  row_number() over ()::integer as group_id,
  p.code as pbx,
  d.direction,
  t.tariff_id,
  t.valid_from::timestamp as valid_from,
  t.valid_until::timestamp as valid_until
from pbx as p
left join client as c on c.client_id = p.client_id
join validity as t on t.code = coalesce(c.tariff, 'default')
cross join (values ('outgoing'), ('incoming'), ('local')) as d (direction)
where
  (%(tariff)s::text is null or coalesce(c.tariff, 'default') = %(tariff)s)
  and (
    d.direction = 'outgoing'
    or exists (select from priced as o where o.tariff_id = t.tariff_id and o.direction in ('any', d.direction))
  );

create temporary table rating_call on commit drop as
select
  v.ticket_id,
  g.tariff_id,
  g.group_id,
  coalesce(v.called_number, '') as called,
  date_part('epoch', coalesce(
    v.start_at, v.end_date_time at time zone v.timezone - v.duration * interval '1 second'
  ))::bigint as start_at,
  least(v.duration, 2147483647)::integer as seconds,
  v.charge_units as units
from v_ticket_full as v
join rating_group as g
  on
    g.pbx = v.pbx and g.direction = v.direction
    and coalesce(v.start_date_time, v.end_date_time, '-infinity') >= g.valid_from
    and coalesce(v.start_date_time, v.end_date_time, '-infinity') < g.valid_until
where
  (%(since)s::date is null or coalesce(v.start_date_time, v.end_date_time) >= %(since)s)
  and (%(until)s::date is null or coalesce(v.start_date_time, v.end_date_time) < %(until)s::date + 1)
  and not exists (
    select from rated_ticket as r
    where
      r.ticket_id = v.ticket_id and not r.superseded
      and case
        when %(again)s then r.tariff_id = g.tariff_id and r.cost is not null
        else r.cost is not null or g.tariff_id is null or r.tariff_id = g.tariff_id
      end
  )
