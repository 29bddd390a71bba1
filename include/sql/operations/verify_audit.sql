-- The audit chain, computed again entry by entry exactly as the trigger chain_audit does: each hash covers
-- its row and the hash before it.
with computed as (
  select
    entry_id,
    hash,
    sha256(
      coalesce(lag(hash) over (order by entry_id), '') || convert_to(
        concat_ws('|', entry_id, extract(epoch from at), actor, action, subject, detail), 'UTF8'
      )
    ) as expected
  from audit_entry
)

select
  count(*) as entries,
  max(entry_id) as last,
  encode((array_agg(hash order by entry_id desc))[1], 'hex') as head,
  min(entry_id) filter (where hash is distinct from expected) as broken
from computed
