-- The treatments whose time has come, each with the occasion that is run once and its parameters.
-- file_loaded: files were loaded since its last such run; over the days of their calls.
-- daily: yesterday. monthly: the month before this one. threshold: what was loaded since its last such
-- run comes to at_least of the measure. The tickets of a file are found by the key, which begins with its number.
with last_run as (
  select treatment, trigger, max(load_number) as load_number
  from treatment_run
  group by treatment, trigger
),
wanted as (
  select
    t.name, w.trigger, t.threshold, coalesce(r.load_number, 0) as seen,
    t.parameters -> 'properties' ? 'from' as has_days
  from treatment as t
  cross join lateral unnest(t.triggers) as w (trigger)
  left join last_run as r on r.treatment = t.name and r.trigger = w.trigger
),
loaded as (
  select
    w.seen,
    max(s.load_number) as newest,
    count(*) as files,
    sum(s.tickets) as tickets,
    sum(s.rejected) as rejected,
    array_agg(s.file_id) as file_ids
  from (select distinct seen from wanted where trigger in ('file_loaded', 'threshold')) as w
  join spooled_file as s on s.load_number > w.seen
  where s.state = 'loaded'
  group by w.seen
),
days as (
  select l.seen, min(v.local_day) as first_day, max(v.local_day) as last_day
  from loaded as l
  cross join unnest(l.file_ids) as f (file_id)
  join v_ticket_full as v
    on v.ticket_id between f.file_id * 100000000 and (f.file_id + 1) * 100000000 - 1
  group by l.seen
),
costs as (
  select l.seen, coalesce(sum(r.cost), 0) as cost
  from loaded as l
  cross join unnest(l.file_ids) as f (file_id)
  left join rated_ticket as r
    on r.ticket_id between f.file_id * 100000000 and (f.file_id + 1) * 100000000 - 1 and not r.superseded
  where exists (select from wanted where threshold ->> 'measure' = 'cost')
  group by l.seen
),
due as (
  select
    w.name, w.trigger, w.has_days, 'load ' || l.newest as occasion, d.first_day, d.last_day
  from wanted as w
  join loaded as l using (seen)
  left join days as d using (seen)
  left join costs as c using (seen)
  where
    w.trigger = 'file_loaded'
    or w.trigger = 'threshold' and (w.threshold ->> 'at_least')::numeric <= case w.threshold ->> 'measure'
      when 'tickets' then l.tickets
      when 'rejected' then l.rejected
      when 'files' then l.files
      when 'cost' then c.cost
    end
  union all
  select name, trigger, has_days, to_char(%(today)s::date - 1, 'YYYY-MM-DD'), %(today)s::date - 1, %(today)s::date - 1
  from wanted where trigger = 'daily'
  union all
  select
    name, trigger, has_days, to_char(date_trunc('month', %(today)s::date) - interval '1 day', 'YYYY-MM'),
    (date_trunc('month', %(today)s::date) - interval '1 month')::date,
    (date_trunc('month', %(today)s::date) - interval '1 day')::date
  from wanted where trigger = 'monthly'
)
select
  d.name, d.trigger::text, d.occasion,
  case when d.has_days and d.first_day is not null
    then jsonb_build_object('from', d.first_day, 'to', d.last_day) else '{}'
  end as parameters
from due as d
where
  not exists (
    select from treatment_run as r
    where r.treatment = d.name and r.trigger = d.trigger and r.occasion = d.occasion
  )
order by d.trigger asc, d.name asc
