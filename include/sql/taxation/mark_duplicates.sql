-- Of the tickets with one content the lowest (sha256, line) stays in v_ticket, whatever the order in
-- which the files came: a new file may hide its own tickets, or take the place of older ones.
-- Digests begin with a date, so only what lies between the new files' lowest and highest is looked at.
-- Returns how many tickets of the new files were met elsewhere or earlier in them.
with near as materialized (
  select content_digest, ticket_id, file_id, line_number, ticket_id between %(first)s and %(last)s as is_new
  from taxdata
  where content_digest between %(low)s::uuid and %(high)s::uuid
),
met as (
  select content_digest, bool_and(is_new) as only_new
  from near
  group by content_digest
  having count(*) > 1 and bool_or(is_new)
),
ranked as (
  select
    n.ticket_id, n.is_new,
    row_number() over (partition by n.content_digest order by s.sha256, n.line_number) as place
  from met
  join near as n using (content_digest)
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
select (select count(*) from ranked where is_new) - (select count(*) from met where only_new)
