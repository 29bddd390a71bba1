-- What a re-rating has come to: its row, and a row per call whose price is another one now.
with pair as (
  select
    n.ticket_id, b.tariff_id as old_tariff_id, b.cost as old_cost, b.reason as old_reason,
    b.explanation, b.rate_index, b.charged, b.next_index, b.next_charged, b.currency as old_currency,
    n.tariff_id as new_tariff_id,
    n.cost as new_cost, n.reason as new_reason, n.currency as new_currency
  from rating_again as a
  join rated_ticket as n on n.ticket_id = a.ticket_id and not n.superseded
  left join rating_before as b on b.ticket_id = a.ticket_id
),
different as (
  select * from pair
  where (old_cost, old_reason, old_currency) is distinct from (new_cost, new_reason, new_currency)
),
run as (
  insert into rerating (since, until, tariff, actor, tickets, changed, before, after)
  select
    %(since)s, %(until)s, %(tariff)s, %(actor)s, count(*),
    (select count(*) from different),
    (
      select coalesce(jsonb_object_agg(s.currency, s.cost::text), '{}')
      from (
        select old_currency as currency, sum(old_cost) as cost from pair where old_cost is not null group by 1
      ) as s
    ),
    (
      select coalesce(jsonb_object_agg(s.currency, s.cost::text), '{}')
      from (
        select new_currency as currency, sum(new_cost) as cost from pair where new_cost is not null group by 1
      ) as s
    )
  from pair
  having count(*) > 0
  returning rerating_id, tickets, changed, before, after
),
kept as (
  insert into rerating_difference (
    rerating_id, ticket_id, old_tariff_id, old_cost, old_reason, old_explanation, new_tariff_id, new_cost, new_reason
  )
  select
    r.rerating_id, d.ticket_id, d.old_tariff_id, d.old_cost, d.old_reason,
    case
      when d.old_tariff_id is not null
        then coalesce(d.explanation, tell_rating(t.document, d.rate_index, d.charged, d.next_index, d.next_charged))
    end,
    d.new_tariff_id, d.new_cost, d.new_reason
  from run as r
  cross join different as d
  left join tariff as t on t.tariff_id = d.old_tariff_id
)
select
  r.rerating_id, r.tickets as calls, r.changed, r.before, r.after,
  (select count(*) from different as d where d.old_cost is null and d.new_cost is not null) as priced_anew,
  (select count(*) from different as d where d.old_cost is not null and d.new_cost is null) as lost_their_price,
  (
    select coalesce(jsonb_agg(jsonb_build_object(
      'ticket_id', f.ticket_id, 'before', f.old_cost::text, 'after', f.new_cost::text,
      'reason', f.new_reason) order by f.ticket_id), '[]')
    from (select * from different order by ticket_id limit 20) as f
  ) as differences
from run as r
