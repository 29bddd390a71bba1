-- What one run of the rating works on. The tables of a tariff are filled from the pricing function's
-- own model of it, so that SQL only ever does arithmetic; all of them go with the transaction.
set local work_mem = '256MB';
set local jit = off;
set local enable_mergejoin = off;
create temporary table rating_tariff (
  tariff_id bigint primary key, currency text, rounding text, scale numeric, quantum numeric,
  denominator numeric, longest integer
) on commit drop;
create temporary table rating_prefix (
  tariff_id bigint, direction text, prefix text, plan_id integer, primary key (tariff_id, direction, prefix)
) on commit drop;
create temporary table rating_reached (
  tariff_id bigint, direction text, pbx text, called text, plan_id integer, shape_id integer, currency text,
  reason text
) on commit drop;
create temporary table rating_plan (plan_id integer primary key, shape_id integer) on commit drop;
create temporary table rating_slot (
  plan_id integer, slot integer, rate_id integer, primary key (plan_id, slot)
) on commit drop;
create temporary table rating_timeline (
  shape_id integer, hour bigint, from_at bigint, until_at bigint, run_until bigint, slot integer
) on commit drop;
create index on rating_timeline (shape_id, hour);
create temporary table rating_rate (
  rate_id integer primary key, rate_index smallint, name text, connect_fee numeric, connect_fee_text text,
  included integer, completed_only boolean, pulse_price numeric, pulse_text text, unanswered numeric,
  minimum numeric, maximum numeric, factor numeric, shift numeric, percent numeric,
  -- rounded: of a call of 0 s, and of one that included_seconds cover
  zero_cost numeric, fee_cost numeric,
  -- of a rate whose increments are all alike: where they start, their length and price, and whether its
  -- only step begins with the call
  only_from integer, only_increment integer, only_unit numeric, at_once boolean,
  -- the cost of n seconds in units of the last decimal is (n * slope + base) / parts, within low and high,
  -- rounded by adding "half" to the doubled number; null where that would not fit into 64 bits
  slope bigint, base bigint, low bigint, high bigint, parts bigint, half bigint, quantum numeric
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
