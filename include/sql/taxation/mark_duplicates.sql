-- Of the tickets with one content the lowest (sha256, line) stays in v_ticket, whatever the order in
-- which the files came: a new file may hide its own tickets, or take the place of older ones.
-- Returns how many tickets of the new file were met elsewhere or earlier in it.
with met as materialized (
  select distinct n.content_digest
  from taxdata as n
  where
    n.ticket_id between %(first)s and %(last)s
    and (
      exists (
        select from taxdata as o
        where o.content_digest = n.content_digest and o.ticket_id < n.ticket_id
      )
      or (select max(ticket_id) from taxdata) > %(last)s
      and exists (
        select from taxdata as o
        where o.content_digest = n.content_digest and o.ticket_id > %(last)s
      )
    )
),
ranked as (
  select
    t.ticket_id,
    row_number() over (partition by t.content_digest order by s.sha256, t.line_number) as place
  from met
  join taxdata as t using (content_digest)
  join spooled_file as s using (file_id)
),
kept as (
  delete from duplicate_ticket as d
  using ranked as r
  where d.ticket_id = r.ticket_id and r.place = 1
),
hidden as (
  insert into duplicate_ticket (ticket_id)
  select ticket_id from ranked where place > 1
  on conflict do nothing
)
select greatest(0, (
  select count(*) from ranked where ticket_id between %(first)s and %(last)s
) - (
  select count(*) from met
  where not exists (
      select from taxdata as o
      where o.content_digest = met.content_digest and o.ticket_id not between %(first)s and %(last)s
    )
))
