-- A client's list, locked against loads, and a campaign that still needs its contacts.
select
  l.list_id,
  (
    select c.name
    from campaign as c
    where
      c.list_id = l.list_id
      and c.state in ('awaiting_approval', 'scheduled', 'expanding', 'sending', 'paused')
    order by c.campaign_id
    limit 1
  ) as campaign
from contact_list as l
where l.client_id = %(client_id)s and l.name = %(name)s
for update of l
