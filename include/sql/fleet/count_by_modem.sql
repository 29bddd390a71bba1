-- The counters of the modems that were touched. Only the months they had results of are counted again, all
-- modems in one pass; the others, dropped ones too, stand in modem_month.
with touched as (
  select
    group_id,
    imei,
    activation_month
  from unnest(%(groups)s::bigint[], %(imeis)s::text[], %(months)s::date[]) as t (group_id, imei, activation_month)
),

by_state as materialized (
  select
    g.group_id,
    g.imei,
    g.activation_month,
    g.state,
    count(*) as segments
  from segment as g
  where g.activation_month = any(%(months)s::date[]) and g.imei = any(%(imeis)s::text[])
  group by g.group_id, g.imei, g.activation_month, g.state
),

counted as (
  select
    t.group_id,
    t.imei,
    t.activation_month,
    coalesce(sum(s.segments) filter (where s.state in ('sent', 'delivered', 'undelivered')), 0) as sent,
    coalesce(sum(s.segments) filter (where s.state = 'delivered'), 0) as delivered,
    coalesce(sum(s.segments) filter (where s.state = 'failed'), 0) as failed,
    coalesce(sum(s.segments) filter (where s.state = 'uncertain'), 0) as uncertain
  from touched as t
  left join by_state as s using (group_id, imei, activation_month)
  group by t.group_id, t.imei, t.activation_month
),

kept as (
  insert into modem_month as k (group_id, imei, activation_month, sent, delivered, failed, uncertain)
  select
    group_id,
    imei,
    activation_month,
    sent,
    delivered,
    failed,
    uncertain
  from counted
  on conflict (group_id, imei, activation_month) do update
    set
      sent = excluded.sent,
      delivered = excluded.delivered,
      failed = excluded.failed,
      uncertain = excluded.uncertain
    where
      (k.sent, k.delivered, k.failed, k.uncertain)
      is distinct from (excluded.sent, excluded.delivered, excluded.failed, excluded.uncertain)
),

summed as (
  select
    b.group_id,
    b.imei,
    sum(b.sent) as sent,
    sum(b.delivered) as delivered,
    sum(b.failed) as failed,
    sum(b.uncertain) as uncertain
  from (
    select
      group_id,
      imei,
      sent,
      delivered,
      failed,
      uncertain
    from counted
    union all
    select
      o.group_id,
      o.imei,
      o.sent,
      o.delivered,
      o.failed,
      o.uncertain
    from modem_month as o
    where
      exists (select from touched as t where t.group_id = o.group_id and t.imei = o.imei)
      and not exists (
        select from touched as t
        where t.group_id = o.group_id and t.imei = o.imei and t.activation_month = o.activation_month
      )
  ) as b
  group by b.group_id, b.imei
)

update modem as m set
  sent = s.sent, delivered = s.delivered, failed = s.failed, uncertain = s.uncertain
from summed as s
where
  m.group_id = s.group_id and m.imei = s.imei
  and (m.sent, m.delivered, m.failed, m.uncertain)
  is distinct from (s.sent, s.delivered, s.failed, s.uncertain)
