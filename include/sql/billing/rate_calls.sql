-- The price of every collected call. Most calls stay at one rate whose increments are all alike: a few whole
-- numbers ("charged" seconds: -1 of a call of 0 s). Nearly all others go on at a second such rate: "crossed".
-- The rest goes piece by piece, amounts multiplied by the tariff's common denominator. All arithmetic is
-- exact until the one rounding. The first two kinds keep rate and seconds, from which tell_rating
-- makes the pieces; the rest keeps them written out. Returns how many there are of each reason, null for
-- those with a price.
with recursive placed as materialized (
  select
    c.ticket_id, c.tariff_id, c.start_at, c.seconds, c.units, h.plan_id, h.shape_id, h.currency, t.run_until,
    r.rate_id, r.rate_index, r.included, r.completed_only, r.pulse_price, k.charged, w.reason,
    case
      when k.charged > 0
        then r.quantum
          * (case when n.whole < 0 then -1 else 1 end * ((2 * abs(n.whole) + r.half) / (2 * r.parts)))
      when k.charged = 0 then r.fee_cost
      when k.charged = -1 then r.zero_cost
    end as cost
  from rating_call as c
  left join rating_reached as h
    on
      h.called = c.called and h.tariff_id = c.tariff_id and h.direction = c.direction and h.pbx = c.pbx
  left join rating_timeline as t
    on
      t.shape_id = h.shape_id and t.hour = c.start_at / 3600
      and c.start_at >= t.from_at and c.start_at < t.until_at
  left join rating_setup as r on r.plan_id = h.plan_id and r.slot = t.slot
  cross join lateral (
    select case
      when c.start_at is null then 'no_start_time'
      when c.seconds is null then 'no_duration'
      when h.reason is not null then h.reason
      when r.rate_id is null then 'no_rate_at_that_time'
      when c.seconds > 0 and r.pulse_price is not null and c.units is null then 'no_charge_units'
    end as reason
  ) as w
  cross join lateral (
    select case
      when w.reason is not null then null
      when c.seconds <= 0 then -1
      when r.pulse_price is not null then null
      when c.seconds <= r.included then 0
      when r.slope is null or c.start_at + c.seconds > t.run_until then null
      when r.completed_only then greatest(0, (c.seconds - r.only_from) / r.only_increment) * r.only_increment
      else
        greatest(0, (c.seconds::bigint - r.only_from + r.only_increment - 1) / r.only_increment) * r.only_increment
    end as charged
  ) as k
  cross join lateral (
    select least(greatest(k.charged * r.slope + r.base, r.low), r.high) as whole
  ) as n
  where c.tariff_id is not null
),
-- The others that have a price per second, with the rate that they go on at.
onward as materialized (
  select
    p.*, a.only_from, a.only_increment, a.only_unit, a.connect_fee, a.factor, a.shift, a.percent, a.minimum,
    a.maximum, b.rate_index as next_index, b.only_increment as next_increment,
    b.only_unit as next_unit, p.start_at + p.seconds > p.run_until as crosses,
    coalesce(
      a.only_increment is not null and b.at_once and b.pulse_price is null
      and p.start_at + p.seconds > p.run_until and p.start_at + p.seconds <= t.run_until
      and p.run_until - p.start_at > a.only_from,
      false
    ) as easily
  from placed as p
  join rating_rate as a on a.rate_id = p.rate_id
  left join rating_timeline as t
    on
      t.shape_id = p.shape_id and t.hour = p.run_until / 3600
      and p.run_until >= t.from_at and p.run_until < t.until_at
  left join rating_slot as s on s.plan_id = p.plan_id and s.slot = t.slot
  left join rating_rate as b on b.rate_id = s.rate_id
  where p.reason is null and p.charged is null and p.pulse_price is null
),
-- An increment belongs to the rate in which it starts; one not completed is free where that rate says so.
crossed as (
  select
    o.ticket_id, o.tariff_id, o.rate_index, o.currency, o.only_unit, o.next_index, o.next_unit, o.connect_fee,
    o.factor, o.shift, o.percent, o.minimum, o.maximum,
    o.only_increment * (
      n.first - (o.completed_only and o.only_from + n.first * o.only_increment > o.seconds)::integer
    ) as charged,
    o.next_increment * (
      m.second - (
        o.completed_only and m.second > 0 and m.from_second + m.second * o.next_increment > o.seconds
      )::integer
    ) as next_charged
  from onward as o
  cross join lateral (
    select
      (least(o.run_until - o.start_at, o.seconds) - o.only_from + o.only_increment - 1) / o.only_increment as first
  ) as n
  cross join lateral (
    select
      o.only_from + n.first * o.only_increment as from_second,
      greatest(
        0, (o.seconds - o.only_from - n.first * o.only_increment + o.next_increment - 1) / o.next_increment
      ) as second
  ) as m
  where o.easily
),
timed as materialized (
  select * from onward where not easily
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
  where
    p.reason is null and p.charged is null
    and (p.pulse_price is not null or p.ticket_id in (select ticket_id from timed))
),
priced as (
  select
    a.ticket_id, a.tariff_id, a.currency, a.reason, a.rate_index, a.charged, a.next_index, a.next_charged,
    a.explanation,
    case
      when a.reason is null
        then round_exact(
            least(
              greatest(
                ((a.scaled + a.connect_fee * t.denominator) * a.factor + a.shift * t.denominator)
                * (100 + a.percent),
                a.minimum * 100 * t.denominator
              ),
              a.maximum * 100 * t.denominator
            ),
            100 * t.denominator, t.rounding, t.scale, t.quantum
          )
    end as cost
  from (
    select
      ticket_id, tariff_id, currency, null::text as reason, rate_index, charged,
      case when next_charged > 0 then next_index end as next_index,
      case when next_charged > 0 then next_charged end as next_charged,
      null::jsonb as explanation,
      charged * only_unit + next_charged * next_unit as scaled,
      connect_fee, factor, shift, percent, minimum, maximum
    from crossed
    union all
    select
      ticket_id, tariff_id, currency, reason, null, null, null, null,
      case
        when reason is null
          then jsonb_build_object('rate', name, 'connect_fee', connect_fee_text, 'pieces', pieces)
      end,
      scaled, connect_fee, factor, shift, percent, minimum, maximum
    from written
  ) as a
  join rating_tariff as t on t.tariff_id = a.tariff_id
),
done as (
  insert into rated_ticket (
    ticket_id, tariff_id, cost, currency, reason, explanation, rate_index, charged, next_index, next_charged
  )
  select
    ticket_id, tariff_id, cost, currency, reason, null, case when reason is null then rate_index end, charged, null,
    null
  from placed
  where charged is not null or reason is not null
  union all
  select
    ticket_id, tariff_id, cost, currency, reason, explanation, rate_index, charged::integer, next_index,
    next_charged::integer
  from priced
  returning reason
)
select reason, count(*) from done group by reason
union all
select 'no_tariff_version', count(*) from rating_call where tariff_id is null having count(*) > 0
