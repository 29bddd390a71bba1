-- R8: the clients, what each consumed in a period, and what it may still spend now. A message counts when
-- it was sent, a call when it began.
with sent as (
  select
    c.client_id,
    count(*) as messages,
    sum(m.segments) as segments,
    sum(m.price) as sms_cost
  from message as m
  join campaign as c using (campaign_id)
  where m.state in ('sent', 'delivered', 'undelivered') and m.sent_at >= %(since)s and m.sent_at < %(until)s
  group by c.client_id
),
called as (
  select p.client_id, count(*) as calls, coalesce(sum(v.cost) filter (where v.currency = 'EUR'), 0) as call_cost
  from pbx as p
  join v_ticket as v on v.pbx = p.code
  where
    coalesce(v.start_at, v.end_date_time at time zone %(zone)s) >= %(since)s
    and coalesce(v.start_at, v.end_date_time at time zone %(zone)s) < %(until)s
  group by p.client_id
),
listed as (
  select l.client_id, count(distinct l.list_id) as lists, count(t.contact_id) as contacts
  from contact_list as l
  left join contact as t using (list_id)
  group by l.client_id
),
active as (
  select client_id, count(*) as campaigns, max(activated_at) as last_activation
  from campaign
  where activated_at >= %(since)s and activated_at < %(until)s
  group by client_id
)
select
  k.code as client,
  k.name,
  k.language,
  k.tariff,
  coalesce(l.lists, 0) as lists,
  coalesce(l.contacts, 0) as contacts,
  coalesce(a.campaigns, 0) as campaigns,
  coalesce(s.messages, 0) as messages,
  coalesce(s.segments, 0)::bigint as segments,
  coalesce(s.sms_cost, 0) as sms_cost,
  coalesce(d.calls, 0) as calls,
  coalesce(d.call_cost, 0) as call_cost,
  coalesce(s.sms_cost, 0) + coalesce(d.call_cost, 0) as cost,
  b.balance,
  b.held,
  b.balance < k.low_credit as low,
  a.last_activation
from client as k
join client_balance as b using (client_id)
left join sent as s using (client_id)
left join called as d using (client_id)
left join listed as l using (client_id)
left join active as a using (client_id)
order by cost desc, k.code asc
