-- R11: marketing campaigns that an administrator let pass the compliance profile, and why.
select
  k.code as client,
  c.name as campaign,
  c.exemption ->> 'ground' as ground,
  c.exemption ->> 'by' as granted_by,
  (c.exemption ->> 'at')::timestamptz as granted_at
from campaign as c inner join client as k using (client_id)
where
  c.exemption is not null
  and coalesce(c.activated_at, c.created_at) >= %(since)s
  and coalesce(c.activated_at, c.created_at) < %(until)s
order by granted_at, client, campaign
