-- The counters of every modem that had a result since the last roll-up or so.
update modem as m set
  sent = s.sent, delivered = s.delivered, failed = s.failed, uncertain = s.uncertain
from (
  select
    g.group_id,
    g.imei,
    count(*) filter (where g.state in ('sent', 'delivered', 'undelivered')) as sent,
    count(*) filter (where g.state = 'delivered') as delivered,
    count(*) filter (where g.state = 'failed') as failed,
    count(*) filter (where g.state = 'uncertain') as uncertain
  from segment as g
  where g.imei in (
      select r.imei from segment as r where r.updated_at > now() - interval '15 minutes'
    )
  group by g.group_id, g.imei
) as s
where
  m.group_id = s.group_id and m.imei = s.imei
  and (m.sent, m.delivered, m.failed, m.uncertain)
  is distinct from (s.sent, s.delivered, s.failed, s.uncertain)
