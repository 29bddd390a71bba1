-- A file of which nothing is loaded: quarantined, or waiting for an approval.
insert into spooled_file (pbx, name, size, sha256, state, reason, detail, line, layouts, raw_key)
values (
  %(pbx)s, %(name)s, %(size)s, %(sha256)s, %(state)s, %(reason)s, %(detail)s, %(line)s, %(layouts)s, %(raw_key)s
)
on conflict (sha256) do update set
  pbx = excluded.pbx, name = excluded.name, state = excluded.state, reason = excluded.reason,
  detail = excluded.detail, line = excluded.line, layouts = excluded.layouts, processed_at = now()
