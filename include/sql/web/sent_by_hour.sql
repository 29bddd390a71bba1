-- What each modem of a group sent in each of the last 24 hours; hour 23 is the one that ends now.
select
  m.imei,
  23 - floor(extract(epoch from %(at)s - coalesce(s.submitted_at, s.updated_at)) / 3600)::integer
    as hour,
  count(*) as sent
from modem as m
inner join segment as s on m.imei = s.imei and m.group_id = s.group_id
where
  m.group_id = %(group_id)s
  and s.updated_at > %(at)s - interval '24 hours'
  and coalesce(s.submitted_at, s.updated_at) > %(at)s - interval '24 hours'
  and coalesce(s.submitted_at, s.updated_at) <= %(at)s
  and s.state in ('sent', 'delivered', 'undelivered')
group by 1, 2
