-- The price of every collected call. Amounts are kept multiplied by the tariff's common denominator,
-- so that all arithmetic is exact until the one rounding. Most calls stay at one rate whose increments
-- are all alike: those need one multiplication ("charged"); the others go piece by piece.
-- Returns how many there are of each reason, null for those with a price.
with recursive placed as materialized (
  select
    c.ticket_id, c.tariff_id, c.start_at, c.seconds, c.units, h.plan_id, h.shape_id, t.run_until,
    r.rate_id, r.included, r.completed_only, r.pulse_price,
    case
      when c.seconds <= r.included or c.start_at + c.seconds > t.run_until then null
      when r.completed_only then greatest(0, (c.seconds - r.only_from) / r.only_increment) * r.only_increment
      else
        greatest(0, (c.seconds - r.only_from + r.only_increment - 1) / r.only_increment) * r.only_increment
    end as charged,
    case
      when c.tariff_id is null then 'no_tariff_version'
      when c.start_at is null then 'no_start_time'
      when c.seconds is null then 'no_duration'
      when c.masked and c.digits <> '' and exists (
          select from rating_prefix as m
          where
            m.tariff_id = c.tariff_id and starts_with(m.prefix, c.digits)
            and length(m.prefix) > length(c.digits)
        ) then 'number_masked'
      when h.plan_id is null then 'no_rate_for_destination'
      when r.rate_id is null then 'no_rate_at_that_time'
      when c.seconds > 0 and r.pulse_price is not null and c.units is null then 'no_charge_units'
    end as reason
  from rating_call as c
  left join rating_tariff as l using (tariff_id)
  left join rating_reached as h
    on h.tariff_id = c.tariff_id and h.direction = c.direction and h.digits = left(c.digits, l.longest)
  left join rating_timeline as t
    on
      t.shape_id = h.shape_id and t.hour = c.start_at / 3600
      and c.start_at >= t.from_at and c.start_at < t.until_at
  left join rating_slot as s on s.plan_id = h.plan_id and s.slot = t.slot
  left join rating_rate as r on r.rate_id = s.rate_id
),
timed as materialized (
  select p.*, p.start_at + p.seconds > p.run_until as crosses
  from placed as p
  where p.reason is null and p.pulse_price is null and p.seconds > p.included and p.charged is null
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
  join rating_call using (ticket_id)
  join rating_tariff as t using (tariff_id)
  left join rating_rate as r using (rate_id)
  group by p.ticket_id
),
-- What a call that stays at one rate costs depends on that rate and the seconds charged alone: such
-- calls share one row here (ticket_id is null); every other call has its own.
found as (
  select
    null::bigint as ticket_id, tariff_id, rate_id, charged, 1 as seconds, null::bigint as units,
    null::numeric as pulse_price, null::text as reason
  from (
    select distinct tariff_id, rate_id, charged from placed where reason is null and charged is not null
  ) as d
  union all
  select ticket_id, tariff_id, rate_id, null, seconds, units, pulse_price, reason
  from placed
  where tariff_id is not null and (charged is null or reason is not null)
),
totals as (
  select
    p.ticket_id, p.tariff_id, p.rate_id, p.charged, t.currency, coalesce(p.reason, s.reason) as reason,
    r.name, r.connect_fee_text,
    case
      when p.seconds > 0 and p.pulse_price is not null
        then jsonb_build_array(jsonb_build_object(
            'rate', r.name, 'from_second', 0, 'seconds', p.seconds, 'price', r.pulse_text, 'per', null,
            'amount', trim_scale(round_exact(p.pulse_price * p.units, 1, 'half_up', 1e12, 1e-12))::text,
            'units', p.units
          ))
      else coalesce(s.pieces, '[]')
    end as pieces,
    p.seconds,
    case
      when p.charged > 0
        then r.only_head || ', "seconds": ' || p.charged || ', "amount": "' || trim_scale(
            round_exact(p.charged * r.only_unit, t.denominator, 'half_up', 1e12, 1e-12)
          ) || '"}]}'
    end as simple,
    100 * t.denominator as whole,
    case
      when p.seconds <= 0 then r.unanswered * 100 * t.denominator
      else least(
          greatest(
            (
              (
                case
                  when p.pulse_price is not null then p.pulse_price * p.units * t.denominator
                  when p.charged is not null then p.charged * r.only_unit
                  else coalesce(s.scaled, 0)
                end + r.connect_fee * t.denominator
              ) * r.factor + r.shift * t.denominator
            ) * (100 + r.percent),
            r.minimum * 100 * t.denominator
          ),
          r.maximum * 100 * t.denominator
        )
    end as cost,
    t.rounding, t.scale, t.quantum
  from found as p
  join rating_tariff as t using (tariff_id)
  left join rating_rate as r using (rate_id)
  left join summed as s using (ticket_id)
),
priced as materialized (
  select
    ticket_id,
    tariff_id,
    rate_id,
    charged,
    currency,
    reason,
    case when reason is null then round_exact(cost, whole, rounding, scale, quantum) end as cost,
    case
      when reason is not null then jsonb_build_object('rate', null, 'connect_fee', '0', 'pieces', '[]'::jsonb)
      when simple is not null then simple::jsonb
      else jsonb_build_object(
          'rate', name, 'connect_fee', case when seconds > 0 then connect_fee_text else '0' end, 'pieces', pieces
        )
    end as explanation
  from totals
),
done as (
  insert into rated_ticket (ticket_id, tariff_id, cost, currency, reason, explanation)
  select p.ticket_id, p.tariff_id, s.cost, s.currency, null, s.explanation
  from placed as p
  left join (select * from priced where ticket_id is null) as s using (rate_id, charged)
  where p.charged is not null and p.reason is null
  union all
  select ticket_id, tariff_id, cost, currency, reason, explanation
  from priced
  where ticket_id is not null
  order by ticket_id  -- an index grows at its end
  returning reason
)
select reason, count(*) from done group by reason
union all
select 'no_tariff_version', count(*) from rating_call where tariff_id is null having count(*) > 0
