-- A question is told to whoever may ask it, unless it has been already and lives.
insert into mapping_question as q (upload_id, asked_at, seen_at)
values (%(upload_id)s, %(now)s, %(now)s)
on conflict (upload_id) do update
set run = null, seen_at = excluded.seen_at
where q.closed_at is null and q.seen_at <= %(now)s - %(lost)s
returning upload_id
