-- What rate_plain_calls.sql has left: calls without a price, pulses, steps of several prices, a rate that changes
-- more than once, amounts too great for it. These go piece by piece, amounts multiplied by the tariff's common
-- denominator; all arithmetic is exact until the one rounding, and they keep their pieces written out. Returns
-- how many there are of each reason, null for those with a price.
set local join_collapse_limit = 8;
set local enable_nestloop = on;

create temporary table rating_rest on commit drop as
select c.*
from rating_call as c
where
  c.tariff_id is not null
  and not exists (select from rated_ticket as r where r.ticket_id = c.ticket_id and r.tariff_id = c.tariff_id);

analyze rating_rest;

set local enable_nestloop = off;

with recursive placed as materialized (
  select
    c.ticket_id, c.tariff_id, c.start_at, c.seconds, c.units, h.plan_id, h.shape_id, h.currency, t.run_until,
    r.rate_id, r.rate_index, r.included, r.completed_only, r.pulse_price, w.reason,
    -- a call of 0 s, and one that included_seconds cover
    case
      when w.reason is not null then null
      when c.seconds <= 0 then -1
      when r.pulse_price is null and c.seconds <= r.included then 0
    end as charged,
    case when c.seconds <= 0 then r.zero_cost else r.fee_cost end as cost
  from rating_rest as c
  left join rating_reached as h on h.called = c.called and h.group_id = c.group_id
  left join rating_timeline as t
    on
      t.shape_id = h.shape_id and t.hour = c.start_at / 3600
      and c.start_at >= t.from_at and c.start_at < t.until_at
  left join rating_slot as s on s.plan_id = h.plan_id and s.slot = t.slot
  left join rating_rate as r on r.rate_id = s.rate_id
  cross join lateral (
    select case
      when c.start_at is null then 'no_start_time'
      when c.seconds is null then 'no_duration'
      when h.reason is not null then h.reason
      when r.rate_id is null then 'no_rate_at_that_time'
      when c.seconds > 0 and r.pulse_price is not null and c.units is null then 'no_charge_units'
    end as reason
  ) as w
),
timed as materialized (
  select *, start_at + seconds > run_until as crosses
  from placed
  where reason is null and charged is null and pulse_price is null
),
flat as (
  select
    c.ticket_id, c.rate_id, g.from_second, g.unit, g.price_text, g.per,
    g.increment * (n.started - (
      c.completed_only and g.from_second + n.started * g.increment > c.seconds
    )::integer) as charged
  from timed as c
  join rating_segment as g on g.rate_id = c.rate_id and g.from_second < c.seconds
  cross join
    lateral (
      select (least(c.seconds, g.to_second) - g.from_second + g.increment - 1) / g.increment as started
    ) as n
  where not c.crosses
),
-- A call that crosses into another rate: stretch by stretch, an increment belongs to where it starts.
walk as (
  select
    c.ticket_id, c.plan_id, c.shape_id, c.start_at, c.seconds, c.completed_only,
    c.included as second, null::integer as rate_id, null::integer as from_second, null::numeric as unit,
    null::text as price_text, null::integer as per, 0 as charged, null::text as reason
  from timed as c
  where c.crosses
  union all
  select
    w.ticket_id, w.plan_id, w.shape_id, w.start_at, w.seconds, w.completed_only,
    case
      when x.reason is not null then w.seconds
      when x.increment is null then x.until_second
      else w.second + n.started * x.increment
    end,
    x.rate_id, w.second, x.unit, x.price_text, x.per,
    coalesce(x.increment * (n.started - (
      w.completed_only and w.second + n.started * x.increment > w.seconds
    )::integer), 0),
    x.reason
  from walk as w
  cross join
    lateral (
      select
        r.rate_id, e.increment, e.unit, e.price_text, e.per,
        least(
          w.seconds, t.run_until - w.start_at, e.to_second,
          (select min(f.from_second) from rating_step as f where f.rate_id = r.rate_id and f.from_second > w.second)
        )::integer as until_second,
        case
          when r.rate_id is null then 'no_rate_at_that_time'
          when r.pulse_price is not null then 'pulse_rate_in_mid_call'
        end as reason
      from (select w.start_at + w.second as at) as i
      left join rating_timeline as t
        on t.shape_id = w.shape_id and t.hour = i.at / 3600 and i.at >= t.from_at and i.at < t.until_at
      left join rating_slot as s on s.plan_id = w.plan_id and s.slot = t.slot
      left join rating_rate as r on r.rate_id = s.rate_id
      left join rating_step as e
        on
          e.rate_id = r.rate_id and e.from_second <= w.second
          and (e.to_second is null or w.second < e.to_second)
    ) as x
  cross join
    lateral (
      select (x.until_second - w.second + x.increment - 1) / x.increment as started
    ) as n
  where w.second < w.seconds
),
part as (
  select ticket_id, rate_id, from_second, unit, price_text, per, charged, null::text as reason
  from flat where charged > 0
  union all
  select ticket_id, rate_id, from_second, unit, price_text, per, charged, reason
  from walk where charged > 0 or reason is not null
),
summed as (
  select
    p.ticket_id,
    sum(p.unit * p.charged) as scaled,
    max(p.reason) as reason,
    jsonb_agg(jsonb_build_object(
      'rate', r.name, 'from_second', p.from_second, 'seconds', p.charged, 'price', p.price_text,
      'per', p.per,
      'amount', trim_scale(round_exact(p.unit * p.charged, t.denominator, 'half_up', 1e12, 1e-12))::text
    ) order by p.from_second) as pieces
  from part as p
  join timed as c using (ticket_id)
  join rating_tariff as t on t.tariff_id = c.tariff_id
  left join rating_rate as r on r.rate_id = p.rate_id
  group by p.ticket_id
),
-- Calls that keep their pieces written out: those just worked out, and pulses.
written as (
  select
    p.ticket_id, p.tariff_id, p.currency, coalesce(p.reason, s.reason) as reason, r.name, r.connect_fee_text,
    case
      when p.pulse_price is not null
        then jsonb_build_array(jsonb_build_object(
            'rate', r.name, 'from_second', 0, 'seconds', p.seconds, 'price', r.pulse_text, 'per', null,
            'amount', trim_scale(round_exact(p.pulse_price * p.units, 1, 'half_up', 1e12, 1e-12))::text,
            'units', p.units
          ))
      else coalesce(s.pieces, '[]')
    end as pieces,
    coalesce(p.pulse_price * p.units * t.denominator, s.scaled, 0) as scaled,
    r.connect_fee, r.factor, r.shift, r.percent, r.minimum, r.maximum
  from placed as p
  join rating_tariff as t on t.tariff_id = p.tariff_id
  join rating_rate as r on r.rate_id = p.rate_id
  left join summed as s using (ticket_id)
  where p.reason is null and p.charged is null
),
priced as (
  select
    w.ticket_id, w.tariff_id, w.currency, w.reason,
    case
      when w.reason is null
        then round_exact(
            least(
              greatest(
                ((w.scaled + w.connect_fee * t.denominator) * w.factor + w.shift * t.denominator)
                * (100 + w.percent),
                w.minimum * 100 * t.denominator
              ),
              w.maximum * 100 * t.denominator
            ),
            100 * t.denominator, t.rounding, t.scale, t.quantum
          )
    end as cost,
    case
      when w.reason is null
        then jsonb_build_object('rate', w.name, 'connect_fee', w.connect_fee_text, 'pieces', w.pieces)
    end as explanation
  from written as w
  join rating_tariff as t on t.tariff_id = w.tariff_id
),
done as (
  insert into rated_ticket (ticket_id, tariff_id, cost, currency, reason, explanation, rate_index, charged)
  select
    ticket_id, tariff_id, case when reason is null then cost end, currency, reason, null,
    case when reason is null then rate_index end, charged
  from placed
  where charged is not null or reason is not null
  union all
  select ticket_id, tariff_id, cost, currency, reason, explanation, null, null
  from priced
  returning reason
)
select reason, count(*) from done group by reason
union all
select 'no_tariff_version', count(*) from rating_call where tariff_id is null having count(*) > 0
