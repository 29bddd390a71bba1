-- The longest text and the first four others, as they would be sent.
(
  select text, encoding, segments from rendered
  where reason is null order by segments desc, length(text) desc, contact_id limit 1
)
union all
(
  select text, encoding, segments from rendered
  where
    reason is null
    and contact_id <> (
      select contact_id from rendered
      where reason is null order by segments desc, length(text) desc, contact_id limit 1
    )
  order by contact_id limit 4
)
