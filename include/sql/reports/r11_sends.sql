-- R11: segments of marketing campaigns by the minute in which they were submitted; for numbers that are not at
-- home (%(home)s), also by the beginning of the number, which tells where its owner lives.
select
  c.campaign_id,
  k.code as client,
  k.holidays,
  c.name as campaign,
  c.exemption,
  date_trunc('minute', s.submitted_at) as minute,
  case when not starts_with(m.msisdn, %(home)s) then left(m.msisdn, 10) end as abroad,
  count(*) as segments
from segment as s
inner join message as m using (activation_month, message_id)
inner join campaign as c on m.campaign_id = c.campaign_id
inner join client as k on c.client_id = k.client_id
where
  c.purpose = 'marketing' and s.submitted_at >= %(since)s and s.submitted_at < %(until)s
  and s.updated_at >= %(since)s::timestamptz - interval '1 day'
group by c.campaign_id, k.code, k.holidays, minute, abroad
