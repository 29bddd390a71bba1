-- A file that was set aside before is tried again under its id: newer code or an approval may load it. The
-- partition for its tickets may have been dropped since.
with opened as (
  insert into spooled_file (pbx, name, size, sha256, state, raw_key)
  values (%(pbx)s, %(name)s, %(size)s, %(sha256)s, 'loaded', %(raw_key)s)
  on conflict (sha256) do update
    set
      pbx = excluded.pbx, name = excluded.name, state = 'loaded', reason = null, detail = null, line = null,
      raw_key = excluded.raw_key
  returning file_id
)
select file_id, ensure_ticket_block(file_id) from opened
