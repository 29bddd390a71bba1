-- Campaigns with messages that are in no batch: given back by a host, or put off.
select c.campaign_id
from campaign as c
where
  c.state = 'sending' and (c.expire_at is null or c.expire_at > now())
  and exists (
    select from message as m
    where
      m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
      and m.state = 'planned' and m.batch_id is null
      and (m.not_before is null or m.not_before <= now())
  )
order by c.purpose = 'marketing', c.campaign_id
