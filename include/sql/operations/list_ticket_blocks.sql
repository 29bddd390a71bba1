-- The partitions of tickets that can be dropped: all their files were read in months that are wholly older, or
-- they are empty and closed. With how many tickets each has.
select
  b.first_file, b.month,
  (
    select count(*) from taxdata as t
    where t.ticket_id >= b.first_file * 100000000 and t.ticket_id < b.until_file * 100000000
  ) as tickets
from ticket_block as b
where
  to_regclass('taxdata_' || b.first_file / 1000000) is not null
  and not exists (
    select from spooled_file as f
    where
      f.file_id >= b.first_file and f.file_id < b.until_file and f.state = 'loaded'
      and date_trunc('month', f.processed_at, 'UTC') + interval '1 month' > %(before)s
  )
  and (
    exists (select from ticket_block as o where o.first_file > b.first_file)
    or exists (
      select from taxdata as t
      where t.ticket_id >= b.first_file * 100000000 and t.ticket_id < b.until_file * 100000000
    )
  )
order by b.first_file
