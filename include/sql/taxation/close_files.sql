-- Files that were loaded together: their counts, what was seen under their names, and what a person
-- should know (the counter of a PBX went round, what was set aside before is settled).
with file as (
  select n.*
  from jsonb_to_recordset(%(files)s) as n (
    pbx text, name text, size bigint, sha256 text, modified timestamptz, layouts text[], tickets integer,
    rejected integer, counts jsonb
  )
),
counted as (
  update spooled_file as s set
    layouts = f.layouts, tickets = f.tickets, rejected = f.rejected, counts = f.counts,
    load_number = nextval('spool_load_number'), processed_at = now()
  from file as f
  where s.sha256 = f.sha256
),
settled as (
  update alert as a set over_at = now()
  from file as f
  where
    a.over_at is null and a.kind in ('spool_quarantined', 'spool_waiting')
    and a.subject = f.pbx || '/' || f.name
),
reused as (
  insert into alert (kind, subject, detail)
  select 'spool_name_reused', f.pbx || '/' || f.name, 'loaded before with other content: ' || left(o.sha256, 12)
  from file as f
  join spool_sighting as s using (pbx, name)
  join spooled_file as o on o.sha256 = s.sha256
  where s.sha256 <> f.sha256 and o.state = 'loaded'
  on conflict do nothing
)
insert into spool_sighting (pbx, name, size, modified, sha256)
select pbx, name, size, modified, sha256 from file
on conflict (pbx, name) do update set
  size = excluded.size, modified = excluded.modified, sha256 = excluded.sha256, seen_at = now()
