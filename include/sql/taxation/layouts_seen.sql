-- The ticket layouts that each PBX used: its version, how wide and how many fields, files and tickets
-- that came in it (a file with two layouts counts in both), rejected tickets of those files, when it
-- was first and last read, which fields it has that the PBX's layout before it had not, and
-- the other way round.
-- Parameters: from, to (days on which files were read, UTC, both included), pbx.
with used as (
  select
    s.pbx, u.layout,
    count(*) as files,
    sum(s.tickets) as tickets,
    sum(s.rejected) as rejected,
    min(s.processed_at) as first_read,
    max(s.processed_at) as last_read,
    min(s.file_id) as first_file
  from spooled_file as s
  cross join lateral (select distinct layout from unnest(s.layouts) as layout) as u
  where
    s.state = 'loaded'
    and (%(p_from)s::date is null or s.processed_at >= %(p_from)s::date::timestamp at time zone 'UTC')
    and (%(p_to)s::date is null or s.processed_at < (%(p_to)s::date + 1)::timestamp at time zone 'UTC')
    and (%(p_pbx)s::text is null or s.pbx = %(p_pbx)s)
  group by s.pbx, u.layout
),
placed as (
  select u.*, lag(u.layout) over (partition by u.pbx order by u.first_file, u.layout) as before
  from used as u
)
select
  p.pbx,
  left(p.layout, 12) as layout,
  t.ticket_version,
  t.columns,
  t.record_length,
  p.files,
  p.tickets::bigint as tickets,
  p.rejected::bigint as rejected,
  p.first_read,
  p.last_read,
  (
    select string_agg(m.column_name, ', ' order by m.position)
    from meta_columndesc as m
    where
      m.layout = p.layout and p.before is not null
      and not exists (
        select from meta_columndesc as o
        where o.layout = p.before and o.column_name = m.column_name
      )
  ) as fields_new,
  (
    select string_agg(o.column_name, ', ' order by o.position)
    from meta_columndesc as o
    where
      o.layout = p.before
      and not exists (
        select from meta_columndesc as m
        where m.layout = p.layout and m.column_name = o.column_name
      )
  ) as fields_gone
from placed as p
join ticket_layout as t using (layout)
order by p.pbx asc, p.first_file asc, p.layout asc
