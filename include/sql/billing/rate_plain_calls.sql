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
    n.*,
    least(greatest(n.charged * n.slope + n.next_charged * n.next_slope + n.base, n.low), n.high) as whole
  from (
    select
      m.ticket_id, m.tariff_id, m.seconds, m.currency, m.rate_index, m.next_index, m.slope, m.next_slope, m.base,
      m.low, m.high, m.parts, m.half, m.quantum, m.zero_cost,
      m.only_increment * (
        m.times - (m.completed_only and m.times > 0 and m.goes_on > m.seconds)::integer
      ) as charged,
      m.next_increment * (
        m.next_times - (
          m.completed_only and m.next_times > 0 and m.goes_on + m.next_times * m.next_increment > m.seconds
        )::integer
      ) as next_charged
    from (
      select
        k.*,
        greatest(0, (k.seconds - k.goes_on + k.next_increment - 1) / k.next_increment) as next_times
      from (
        select
          f.*,
          f.only_from + f.times * f.only_increment as goes_on
        from (
          select
            c.ticket_id, c.tariff_id, c.seconds, h.currency, l.*,
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
    ) as m
    offset 0
  ) as n
  offset 0
) as w
