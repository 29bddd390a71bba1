-- Messages that may have gone out, with where and when they were tried.
select
  m.message_id,
  l.code as client,
  c.name as campaign,
  m.msisdn,
  m.segments,
  s.part,
  g.alias as "group",
  s.imei,
  s.error,
  s.updated_at
from message as m
join campaign as c using (campaign_id)
join client as l on l.client_id = c.client_id
join segment as s
  on s.activation_month = m.activation_month and s.message_id = m.message_id
  and s.state = 'uncertain'
left join modem_group as g on g.group_id = s.group_id
where
  m.state = 'uncertain'
  and (%(client)s::text is null or l.code = %(client)s)
  and (%(campaign)s::text is null or c.name = %(campaign)s)
order by s.updated_at, m.message_id, s.part
limit %(most)s
