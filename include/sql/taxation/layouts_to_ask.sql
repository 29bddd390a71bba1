-- The layouts that wait for a person and that nobody was asked about yet; they count as asked from now on.
update ticket_layout as l set asked_at = now()
where
  l.approved_at is null and l.asked_at is null
  and exists (select from spooled_file as s where s.state = 'waiting' and l.layout = any(s.layouts))
returning l.layout
