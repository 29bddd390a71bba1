-- What one run of the rating works on. The tables of a tariff are filled from the pricing function's
-- own model of it, so that SQL only ever does arithmetic; all of them go with the transaction.
-- A rating looks at every call, so that joining by loops is never better.
set local work_mem = '256MB';
set local jit = off;
set local enable_mergejoin = off;
set local enable_nestloop = off;
create temporary table rating_tariff (
  tariff_id bigint primary key, currency text, rounding text, scale numeric, quantum numeric,
  denominator numeric, longest integer
) on commit drop;
create temporary table rating_prefix (
  tariff_id bigint, direction text, prefix text, plan_id integer, primary key (tariff_id, direction, prefix)
) on commit drop;
create temporary table rating_reached (
  group_id integer, called text, tariff_id bigint, plan_id integer, shape_id integer, currency text, reason text
) on commit drop;
create temporary table rating_plan (plan_id integer primary key, shape_id integer) on commit drop;
create temporary table rating_slot (
  plan_id integer, slot integer, rate_id integer, primary key (plan_id, slot)
) on commit drop;
-- Which rate of a plan (its slot) is in force from when to when, and which one follows; hour by hour, so that
-- one is found by its number. -1: none follows that is known.
create temporary table rating_timeline (
  shape_id integer, hour bigint, from_at bigint, until_at bigint, run_until bigint, slot integer,
  next_slot integer, next_until bigint
) on commit drop;
create index on rating_timeline (shape_id, hour);
create temporary table rating_rate (
  rate_id integer primary key, rate_index smallint, name text, connect_fee numeric, connect_fee_text text,
  included integer, completed_only boolean, pulse_price numeric, pulse_text text, unanswered numeric,
  minimum numeric, maximum numeric, factor numeric, shift numeric, percent numeric,
  -- rounded: of a call of 0 s, and of one that included_seconds cover
  zero_cost numeric, fee_cost numeric
) on commit drop;
-- Rates whose increments are all alike, with the one that follows (if its increments are, too: else "next_…" are
-- null): where increments start, their lengths, and the cost as a line in whole numbers. The cost of n seconds and
-- m at the next rate is, in units of the last decimal, (n * slope + m * next_slope + base) / parts, within low and
-- high, rounded by adding "half" to the doubled number.
create temporary table rating_line (
  plan_id integer, slot integer, next_slot integer, rate_index smallint, next_index smallint, only_from integer,
  only_increment integer, next_increment integer, completed_only boolean, slope bigint, next_slope bigint,
  base bigint, low bigint, high bigint, parts bigint, half bigint, quantum numeric, zero_cost numeric
) on commit drop;
create temporary table rating_step (
  rate_id integer, from_second integer, to_second integer, increment integer, unit numeric,
  price_text text, per integer, primary key (rate_id, from_second)
) on commit drop;
-- Where the increments of a call that stays at one rate start: the steps, after included_seconds.
create temporary table rating_segment (
  rate_id integer, from_second integer, to_second integer, increment integer, unit numeric,
  price_text text, per integer, primary key (rate_id, from_second)
) on commit drop
