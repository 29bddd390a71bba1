-- What has been read, per PBX; which layouts; what is set aside.
with last_file as (
  select distinct on (pbx) pbx, layouts
  from spooled_file
  where state = 'loaded'
  order by pbx asc, file_id desc
),
gone as (
  select s.pbx, array_agg(distinct m.column_name order by m.column_name) as columns
  from spooled_file as s
  join meta_columndesc as m on m.layout = any(s.layouts)
  join last_file as l using (pbx)
  where not exists (
      select from meta_columndesc as n where n.layout = any(l.layouts) and n.column_name = m.column_name
    )
  group by s.pbx
),
per_pbx as (
  select
    p.code as pbx, p.timezone, p.charset, p.policy,
    count(s.file_id) filter (where s.state = 'loaded') as loaded,
    count(s.file_id) filter (where s.state = 'quarantined') as quarantined,
    count(s.file_id) filter (where s.state = 'waiting') as waiting,
    coalesce(sum(s.tickets), 0) as tickets,
    coalesce(sum(s.rejected), 0) as rejected,
    (
      select count(*) from duplicate_ticket as d
      join spooled_file as f on f.file_id = d.ticket_id / 100000000
      where f.pbx = p.code
    ) as duplicates,
    coalesce((select g.columns from gone as g where g.pbx = p.code), '{}') as columns_gone
  from pbx as p
  left join spooled_file as s on s.pbx = p.code
  group by p.code
)
select jsonb_build_object(
  'pbxs', (select coalesce(jsonb_agg(to_jsonb(p) order by p.pbx), '[]') from per_pbx as p),
  'layouts', (
    select coalesce(jsonb_agg(to_jsonb(l) - 'ddl' order by l.seen_at, l.layout), '[]') from ticket_layout as l
  ),
  'columns', (
    select count(*) - 5 from pg_attribute
    where attrelid = 'taxdata'::regclass and attnum > 0 and not attisdropped
  ),
  'quarantined', (
    select
      coalesce(jsonb_agg(jsonb_build_object(
        'pbx', pbx, 'name', name, 'sha256', sha256, 'reason', reason, 'line', line, 'detail', detail,
        'raw_key', raw_key
      ) order by file_id), '[]')
    from spooled_file where state <> 'loaded'
  )
)
