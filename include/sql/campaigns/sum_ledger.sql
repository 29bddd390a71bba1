-- What a campaign has cost so far, and what is still held for it.
select
  coalesce(-sum(held) filter (where kind = 'capture'), 0)::numeric(14, 4) as captured,
  coalesce(sum(held), 0)::numeric(14, 4) as held
from ledger_entry
where campaign_id = %(campaign_id)s
