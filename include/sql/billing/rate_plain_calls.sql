-- The price of every call whose increments are all alike, at one rate or at two in a row: nearly all. Whole
-- numbers until the last decimal; an increment belongs to the rate in which it starts, and one not completed is
-- free where the first rate says so. What is kept is rate and seconds ("charged": -1 of a call of 0 s), from
-- which tell_rating makes the pieces. "offset 0" keeps what a step has worked out from being worked out
-- again wherever the next step names it; tables are joined in the order written.
set local join_collapse_limit = 1;

insert into rated_ticket (
  ticket_id, tariff_id, cost, currency, rate_index, charged, next_index, next_charged
)
select
  w.ticket_id, w.tariff_id,
  case
    when w.seconds > 0
      then w.quantum * (case when w.whole < 0 then -1 else 1 end * ((2 * abs(w.whole) + w.half) / (2 * w.parts)))
    else w.zero_cost
  end,
  w.currency, w.rate_index,
  case when w.seconds > 0 then w.charged else -1 end,
  case when w.seconds > 0 and w.next_charged > 0 then w.next_index end,
  case when w.seconds > 0 and w.next_charged > 0 then w.next_charged end
from (
  select
    k.ticket_id, k.tariff_id, k.seconds, k.currency, k.rate_index, k.next_index, k.half, k.parts, k.quantum,
    k.zero_cost, k.charged, k.next_charged,
    least(greatest(k.charged * k.slope + k.next_charged * k.next_slope + k.base, k.low), k.high) as whole
  from (
    select
      f.ticket_id, f.tariff_id, f.seconds, f.currency, f.rate_index, f.next_index, f.half, f.parts, f.quantum,
      f.zero_cost, f.slope, f.next_slope, f.base, f.low, f.high,
      f.increment * (
        f.times - (f.completed_only and f.times > 0 and f.only_from + f.times * f.increment > f.seconds)::integer
      ) as charged,
      case
        when f.crosses then f.next_increment * (
          select n.times - (
            f.completed_only and n.times > 0 and n.begins + n.times * f.next_increment > f.seconds
          )::integer
          from (
            select
              b.begins,
              greatest(0, (f.seconds - b.begins + f.next_increment - 1) / f.next_increment) as times
            from (values (f.only_from + f.times * f.increment)) as b (begins)
            offset 0
          ) as n
        )
        else 0
      end as next_charged
    from (
      select
        c.ticket_id, c.tariff_id, c.seconds, h.currency, l.rate_index, l.next_index, l.half, l.parts, l.quantum,
        l.zero_cost, l.slope, l.next_slope, l.base, l.low, l.high, l.only_from, l.only_increment as increment,
        l.next_increment, l.completed_only,
        c.start_at + c.seconds > t.run_until as crosses,
        greatest(
          0, (least(t.run_until - c.start_at, c.seconds) - l.only_from + l.only_increment - 1) / l.only_increment
        ) as times
      from rating_call as c
      join rating_reached as h on h.called = c.called and h.group_id = c.group_id
      join rating_timeline as t on t.shape_id = h.shape_id and t.hour = c.start_at / 3600
      join rating_line as l on l.plan_id = h.plan_id and l.slot = t.slot and l.next_slot = t.next_slot
      where
        h.reason is null
        and c.start_at >= t.from_at and c.start_at < t.until_at
        and case
          when c.start_at + c.seconds <= t.run_until then true
          when l.next_index is null then false
          else c.start_at + c.seconds <= t.next_until and t.run_until - c.start_at > l.only_from
        end
      offset 0
    ) as f
    offset 0
  ) as k
  offset 0
) as w
