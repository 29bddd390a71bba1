-- What a client is still to be invoiced for a month: SMS by campaign and price, calls by cost centre, VAT
-- by the day; less what invoices say already, credit notes counting back. Months before it, as far as
-- "earliest", count where they were invoiced: what became known or was priced anew since. What retention has
-- dropped is not taken back so: SMS never are, calls not of a month whose tickets are not all there.
with vat as (
  select percent, valid_from, coalesce(lead(valid_from) over (order by valid_from), 'infinity') as valid_until
  from vat_rate
),
dropped as (
  select max(f.processed_at) at time zone %(zone)s as until
  from pbx as p
  join spooled_file as f on f.pbx = p.code
  where
    p.client_id = %(client_id)s and f.state = 'loaded' and f.tickets > 0
    and f.processed_at >= %(earliest)s::timestamp at time zone %(zone)s
    and not exists (
      select from taxdata as t
      where t.ticket_id between f.file_id * 100000000 and (f.file_id + 1) * 100000000 - 1
    )
),
invoiced_month as (
  select %(month)s::date as month, true as calls_known
  union
  select i.period, not exists (select from dropped as d where d.until >= i.period)
  from invoice as i
  where
    i.client_id = %(client_id)s and i.kind = 'invoice' and i.period >= %(earliest)s and i.period < %(month)s
    and not exists (select from invoice as c where c.corrects = i.invoice_id)
),
sent as (
  select
    c.name as item,
    (
      coalesce(m.sent_at, m.final_at, m.activation_month::timestamp at time zone %(zone)s) at time zone %(zone)s
    )::date as day,
    m.price,
    m.segments,
    case when m.state in ('sent', 'delivered', 'undelivered') then m.segments else g.parts end as parts
  from message as m
  join campaign as c using (campaign_id)
  left join lateral (
    select count(*) as parts
    from segment as s
    where
      m.state not in ('sent', 'delivered', 'undelivered')
      and s.activation_month = m.activation_month and s.message_id = m.message_id
      and s.state in ('sent', 'delivered', 'undelivered')
  ) as g on true
  where
    c.client_id = %(client_id)s and m.settled and m.segments > 0
    and m.activation_month >= %(earliest)s::date - interval '3 months' and m.activation_month < %(after)s
),
charged as (
  select
    'sms' as kind, item, day, parts as quantity, 1 as times, 0 as seconds,
    case when parts = segments then price else round(price * parts / segments, 4) end as amount,
    'EUR' as currency
  from sent
  where parts > 0 and price > 0
  union all
  select
    'calls', coalesce(nullif(v.charged_cost_center, '255'), ''),
    (coalesce(v.start_at, v.end_date_time at time zone v.timezone) at time zone %(zone)s)::date,
    1, 1, greatest(v.duration, 0), r.cost, r.currency
  from pbx as p
  join v_ticket_full as v on v.pbx = p.code
  join rated_ticket as r on r.ticket_id = v.ticket_id and not r.superseded
  where
    p.client_id = %(client_id)s and r.cost <> 0
    and coalesce(v.start_date_time, v.end_date_time) >= %(earliest)s::date - 1
    and coalesce(v.start_date_time, v.end_date_time) < %(after)s::date + 1
),
consumed as (
  select
    c.kind, m.month, c.item, c.currency, v.percent as vat_percent,
    case
      when c.kind = 'sms' and c.amount = round(c.amount / c.quantity, 4) * c.quantity
        then trim_scale(round(c.amount / c.quantity, 4))
    end as unit_price,
    c.quantity, c.times, c.seconds, c.amount
  from charged as c
  join invoiced_month as m on m.month = date_trunc('month', c.day) and (c.kind = 'sms' or m.calls_known)
  left join vat as v on c.day >= v.valid_from and c.day < v.valid_until
),
balance as (
  select kind, month, item, currency, vat_percent, unit_price, quantity, times, seconds, amount from consumed
  union all
  select
    l.kind, l.month, l.item, 'EUR', l.vat_percent, l.unit_price,
    -s.sign * l.quantity, -s.sign * l.times, -s.sign * l.seconds, -s.sign * l.exact
  from invoice as i
  cross join lateral (select case i.kind when 'invoice' then 1 else -1 end as sign) as s
  join invoice_line as l using (invoice_id)
  join invoiced_month as m on m.month = l.month and (l.kind = 'sms' or m.calls_known)
  where i.client_id = %(client_id)s
)
select
  kind, month, item, currency, vat_percent, unit_price,
  sum(quantity)::numeric as quantity, sum(times)::bigint as times, sum(seconds)::bigint as seconds,
  sum(amount) as exact
from balance
group by kind, month, item, currency, vat_percent, unit_price
having sum(amount) > 0 or sum(amount) < 0 and kind = 'calls'
order by month = %(month)s desc, month asc, kind desc, item asc, vat_percent asc, unit_price asc
