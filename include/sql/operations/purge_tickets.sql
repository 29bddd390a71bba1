-- Tickets of files that were read before, with their prices and rejects; the file's own row stays, so that the
-- same file is known.
with old as (
  select file_id from spooled_file
  where processed_at < %(before)s and state = 'loaded'
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
