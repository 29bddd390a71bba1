-- R11: each wish to be left alone that came by SMS, how long it took to be noted (0 where it was known before,
-- nothing where it never was), and what was submitted to that number, in the scope of the wish, more than 60
-- seconds after it came. Messages are looked through once for all of them: nothing finds them by number.
with stop as materialized (
  select
    i.inbound_id,
    i.sender,
    i.received_at,
    o.at,
    o.client_id
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
  where i.opt_out and i.received_at >= %(since)s and i.received_at < %(until)s
),

late as (
  select
    w.inbound_id,
    count(*) as late
  from stop as w
  inner join message as m on w.sender = m.msisdn
  inner join campaign as c on m.campaign_id = c.campaign_id
  inner join segment as s on m.activation_month = s.activation_month and m.message_id = s.message_id
  where
    (w.client_id is null or c.client_id = w.client_id)
    and s.submitted_at > w.received_at + interval '60 seconds'
  group by w.inbound_id
)

select
  w.inbound_id,
  left(w.sender, -4) || '••••' as sender,
  w.received_at,
  k.code as client,
  case when w.at is not null then greatest(extract(epoch from w.at - w.received_at), 0) end as seconds,
  coalesce(l.late, 0) as late
from stop as w
left join late as l using (inbound_id)
left join client as k on w.client_id = k.client_id
order by w.received_at, w.inbound_id
