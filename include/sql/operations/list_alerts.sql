-- Alerts that are open, or all of the last days; and the news of them that nobody could be told yet.
select
  a.alert_id,
  a.kind,
  a.subject,
  a.detail,
  a.raised_at,
  a.over_at,
  count(d.delivery_id) filter (where d.sent_at is not null) as told,
  count(d.delivery_id) filter (where d.sent_at is null) as untold,
  max(d.last_error) filter (where d.sent_at is null) as last_error
from alert as a
left join alert_delivery as d using (alert_id)
where a.over_at is null or (%(everything)s and a.raised_at > now() - interval '31 days')
group by a.alert_id
order by a.over_at is not null, a.raised_at desc, a.alert_id desc
limit %(most)s
