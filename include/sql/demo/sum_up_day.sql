-- The figures of the day that come from the tables alone, as one document.
select jsonb_build_object(
  'contacts', (
    select jsonb_build_object(
      'loaded', (select count(*) from contact),
      'rejected', coalesce(sum((u.counts ->> 'rejected')::integer), 0)
    )
    from upload as u
    where u.kind = 'contacts' and u.state = 'loaded'
  ),
  'tickets', (
    select jsonb_build_object(
      'loaded', coalesce(sum(f.tickets), 0),
      'quarantined_files', count(*) filter (where f.state <> 'loaded')
    )
    from spooled_file as f
  ),
  'amounts', jsonb_build_object(
    'currency', 'EUR',
    'sms', (
      select coalesce(sum(m.price), 0)::text
      from message as m
      where m.state in ('sent', 'delivered', 'undelivered')
    ),
    'calls', (select coalesce(sum(r.cost), 0)::text from rated_ticket as r where not r.superseded),
    'calls_priced', (select count(*) from rated_ticket as r where not r.superseded and r.rated),
    'calls_unrated', (select count(*) from rated_ticket as r where not r.superseded and not r.rated),
    'credit_left', (select coalesce(sum(b.balance), 0)::text from client_balance as b)
  )
)
