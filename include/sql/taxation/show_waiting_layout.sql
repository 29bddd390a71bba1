-- What a person should see of a layout before allowing it.
select
  l.layout, l.ticket_version, l.columns, l.record_length, l.first_pbx, l.ddl, l.approved_by,
  (
    select count(*) from spooled_file as s
    where s.state = 'waiting' and l.layout = any(s.layouts)
  ) as files,
  (
    select string_agg(s.name, ', ' order by s.file_id)
    from (
      select name, file_id from spooled_file
      where state = 'waiting' and l.layout = any(layouts)
      order by file_id
      limit 5
    ) as s
  ) as names
from ticket_layout as l
where l.layout = %(layout)s
