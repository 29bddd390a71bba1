-- What a person should see of a file, and what is settled by its loading: it is set aside; its name
-- was used for other bytes before (the counter of the PBX went round); it brought fields that are not
-- documented.
with settled as (
  update alert set over_at = now()
  where
    %(state)s = 'loaded' and over_at is null and subject = %(pbx)s || '/' || %(name)s
    and kind in ('spool_quarantined', 'spool_waiting')
)
insert into alert (kind, subject, detail)
select
  'spool_' || %(state)s,
  %(pbx)s || '/' || %(name)s,
  concat(%(reason)s, ': ' || %(detail)s)
where %(state)s in ('quarantined', 'waiting')
union all
select
  'spool_name_reused',
  %(pbx)s || '/' || %(name)s,
  'loaded before with other content: ' || left(s.sha256, 12)
from spool_sighting as s
join spooled_file as f using (sha256)
where
  s.pbx = %(pbx)s and s.name = %(name)s and s.sha256 <> %(sha256)s and f.state = 'loaded'
union all
select
  'new_ticket_field',
  %(pbx)s || '/' || n.field,
  'first seen in ' || %(name)s
from unnest(%(new_fields)s::text[]) as n (field)
where not exists (select from ticket_field as t where t.column_name = n.field)
on conflict do nothing
