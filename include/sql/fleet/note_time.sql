-- How long this transaction has worked so far, for the metrics.
insert into work_time as w (work, seconds_total, last_seconds, last_at)
select
  %(work)s,
  s.spent as seconds_total,
  s.spent as last_seconds,
  clock_timestamp() as last_at
from (select extract(epoch from clock_timestamp() - now()) as spent) as s
on conflict (work) do update
  set
    runs = w.runs + 1,
    seconds_total = w.seconds_total + excluded.seconds_total,
    last_seconds = excluded.last_seconds,
    last_at = excluded.last_at
