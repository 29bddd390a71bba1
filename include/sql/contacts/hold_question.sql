-- One run asks: the one that has it already, or the first to come where none lives.
insert into mapping_question as q (upload_id, run, asked_at, seen_at)
values (%(upload_id)s, %(run)s, %(now)s, %(now)s)
on conflict (upload_id) do update
set
  run = excluded.run,
  seen_at = excluded.seen_at,
  closed_at = null,
  asked_at = case when q.run = excluded.run then q.asked_at else excluded.asked_at end
where
  q.run is null or q.run = excluded.run or q.closed_at is not null
  or q.seen_at <= %(now)s - %(lost)s
returning asked_at
