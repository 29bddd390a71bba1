-- How far a client's ledger goes, which only grows, and whether it has more entries than "most".
select
  (
    select max(entry_id) from ledger_entry
    where client_id = %(client_id)s
  ) as last,
  coalesce((
    select true from ledger_entry
    where client_id = %(client_id)s
    limit 1 offset %(most)s
  ), false) as long
