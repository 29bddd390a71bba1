-- The counters of every modem that had a result since the last roll-up or so. Only the months it had results of
-- are counted again; the others, dropped ones too, stand in modem_month.
with touched as (
  select
    m.group_id,
    m.imei,
    r.activation_month
  from modem as m
  cross join lateral (
    select distinct s.activation_month
    from segment as s
    where s.imei = m.imei and s.updated_at > now() - interval '15 minutes'
  ) as r
),

counted as (
  select
    t.group_id,
    t.imei,
    t.activation_month,
    c.sent,
    c.delivered,
    c.failed,
    c.uncertain
  from touched as t
  cross join lateral (
    select
      count(*) filter (where g.state in ('sent', 'delivered', 'undelivered')) as sent,
      count(*) filter (where g.state = 'delivered') as delivered,
      count(*) filter (where g.state = 'failed') as failed,
      count(*) filter (where g.state = 'uncertain') as uncertain
    from segment as g
    where g.activation_month = t.activation_month and g.imei = t.imei and g.group_id = t.group_id
  ) as c
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
