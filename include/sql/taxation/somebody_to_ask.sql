-- Whether a layout waits that nobody was asked about yet.
select exists(
  select from ticket_layout as l
  join spooled_file as s on l.layout = any(s.layouts)
  where s.state = 'waiting' and l.approved_at is null and l.asked_at is null
)
