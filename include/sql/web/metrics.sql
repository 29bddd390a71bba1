-- What a monitoring system follows: name, labels, value. Names end in _total where the value only grows.
with groups as (
  select
    g.group_id,
    g.alias,
    g.state,
    g.last_heartbeat,
    coalesce(sum(m.sent), 0) as sent,
    coalesce(sum(m.delivered), 0) as delivered,
    coalesce(sum(m.failed), 0) as failed,
    count(m.imei) filter (where m.in_service) as working,
    coalesce(
      sum((
        select count(*)
        from segment as s
        where
          s.imei = m.imei and s.group_id = m.group_id and s.updated_at > now() - interval '5 minutes'
          and coalesce(s.submitted_at, s.updated_at) > now() - interval '5 minutes'
          and s.state in ('sent', 'delivered', 'undelivered')
      )), 0
    ) as recent
  from modem_group as g left join modem as m using (group_id)
  where g.deleted_at is null
  group by g.group_id
),

queues as (
  select
    group_id,
    sum(greatest(coalesce(leased_segments, segments) - reported, 0)) as queued
  from send_batch
  where state in ('planned', 'leased')
  group by group_id
),

imports as (
  select extract(epoch from updated_at - created_at) as seconds
  from upload
  where kind = 'contacts' and state in ('loaded', 'rejected') and updated_at > now() - interval '1 hour'
)

select
  'smsswitch_queue_sms' as name,
  jsonb_build_object('group', g.alias) as labels,
  coalesce(q.queued, 0)::double precision as value
from groups as g left join queues as q using (group_id)
union all
select
  'smsswitch_unbatched_messages',
  '{}',
  (
    select count(*) from message
    where state = 'planned' and batch_id is null
  )
union all
select
  'smsswitch_sms_per_minute',
  jsonb_build_object('group', alias),
  recent / 5.0
from groups
union all
select
  'smsswitch_sms_sent_total',
  jsonb_build_object('group', alias),
  sent
from groups
union all
select
  'smsswitch_sms_delivered_total',
  jsonb_build_object('group', alias),
  delivered
from groups
union all
select
  'smsswitch_sms_failed_total',
  jsonb_build_object('group', alias),
  failed
from groups
union all
select
  'smsswitch_modems_in_service',
  jsonb_build_object('group', alias),
  working
from groups
union all
select
  'smsswitch_group_started',
  jsonb_build_object('group', alias),
  (state = 'started')::integer
from groups
union all
select
  'smsswitch_group_heartbeat_age_seconds',
  jsonb_build_object('group', alias),
  extract(epoch from now() - last_heartbeat)
from groups
where last_heartbeat is not null
union all
select
  'smsswitch_campaigns',
  jsonb_build_object('state', state),
  count(*)
from campaign
group by state
union all
select
  'smsswitch_uploads',
  jsonb_build_object('state', state),
  count(*)
from upload
group by state
union all
select
  'smsswitch_import_seconds',
  jsonb_build_object('quantile', q.q::text),
  percentile_cont(q.q) within group (order by seconds)
from imports cross join (values (0.5::double precision), (0.95)) as q (q)
group by q.q
union all
select
  'smsswitch_imports_last_hour',
  '{}',
  (select count(*) from imports)
union all
select
  'smsswitch_work_seconds',
  jsonb_build_object('work', work),
  last_seconds
from work_time
union all
select
  'smsswitch_work_seconds_total',
  jsonb_build_object('work', work),
  seconds_total
from work_time
union all
select
  'smsswitch_work_runs_total',
  jsonb_build_object('work', work),
  runs
from work_time
union all
select
  'smsswitch_work_age_seconds',
  jsonb_build_object('work', work),
  extract(epoch from now() - last_at)
from work_time
union all
select
  'smsswitch_alerts_open',
  jsonb_build_object('kind', kind),
  count(*)
from alert
where over_at is null
group by kind
union all
select
  'smsswitch_alert_messages_waiting',
  '{}',
  (select count(*) from alert_delivery where sent_at is null)
union all
select
  'smsswitch_spool_files',
  jsonb_build_object('state', state),
  count(*)
from spooled_file
group by state
order by 1, 2
