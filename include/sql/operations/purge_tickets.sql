-- Tickets of files that were read in months that are wholly older, with their prices and rejects, where their
-- partition cannot be dropped: some of its files were read again since, or it has the tickets of many months from
-- before there were partitions. The file's own row stays, so that the same file is known. Neither files are loaded
-- nor tickets rated meanwhile.
select pg_advisory_xact_lock(7226010), pg_advisory_xact_lock(7226011);
with old as (
  select f.file_id from spooled_file as f
  where
    date_trunc('month', f.processed_at, 'UTC') + interval '1 month' <= %(before)s and f.state = 'loaded'
    and exists (
      select from ticket_block as b
      where
        f.file_id >= b.first_file and f.file_id < b.until_file and b.first_file <> all(%(dropped)s::bigint[])
        and to_regclass('taxdata_' || b.first_file / 1000000) is not null
    )
),

prices as (
  delete from rated_ticket as r
  using old
  where r.ticket_id between old.file_id * 100000000 and (old.file_id + 1) * 100000000 - 1
),

rejects as (
  delete from rejected_ticket as r
  using old
  where r.file_id = old.file_id
)

delete from taxdata as t
using old
where t.ticket_id between old.file_id * 100000000 and (old.file_id + 1) * 100000000 - 1
