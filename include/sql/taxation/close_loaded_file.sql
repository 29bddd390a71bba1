-- The counts of a loaded file, in the transaction that loaded it.
update spooled_file set
  layouts = %(layouts)s, tickets = %(tickets)s, rejected = %(rejected)s, counts = %(counts)s,
  load_number = nextval('spool_load_number'), processed_at = now()
where sha256 = %(sha256)s
