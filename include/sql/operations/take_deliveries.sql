-- What one receiver is to be told now, alert by alert; nobody else sends it meanwhile.
select
  d.delivery_id,
  d.news,
  d.language,
  d.attempts,
  a.alert_id,
  a.kind,
  a.subject,
  a.detail,
  a.raised_at,
  a.over_at
from alert_delivery as d
inner join alert as a using (alert_id)
where d.receiver = %(receiver)s and d.sent_at is null and d.next_at <= now()
order by d.alert_id, d.delivery_id
limit 500
for update of d skip locked
