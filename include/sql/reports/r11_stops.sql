-- R11: each wish to be left alone that came by SMS, how long it took to be noted (0 where it was known before,
-- nothing where it never was), and what was submitted to that number, in the scope of the wish, more than 60
-- seconds after it came.
select
  i.inbound_id,
  left(i.sender, -4) || '••••' as sender,
  i.received_at,
  k.code as client,
  case when o.at is not null then greatest(extract(epoch from o.at - i.received_at), 0) end as seconds,
  (
    select count(*)
    from message as m
    inner join segment as s using (activation_month, message_id)
    inner join campaign as c on m.campaign_id = c.campaign_id
    where
      m.msisdn = i.sender and (o.client_id is null or c.client_id = o.client_id)
      and s.submitted_at > i.received_at + interval '60 seconds'
  ) as late
from inbound_message as i
left join lateral (
  select
    w.at,
    w.client_id
  from opt_out as w
  where w.msisdn = i.sender
  order by w.client_id nulls first
  limit 1
) as o on true
left join client as k on o.client_id = k.client_id
where i.opt_out and i.received_at >= %(since)s and i.received_at < %(until)s
order by i.received_at, i.inbound_id
