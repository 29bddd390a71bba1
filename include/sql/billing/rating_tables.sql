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
  tariff_id bigint, direction text, digits text, plan_id integer, shape_id integer
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
  rate_id integer primary key, name text, connect_fee numeric, connect_fee_text text,
  included integer, completed_only boolean, pulse_price numeric, pulse_text text, unanswered numeric,
  minimum numeric, maximum numeric, factor numeric, shift numeric, percent numeric,
  -- of a rate whose increments are all alike: where they start, their length, price and explanation
  only_from integer, only_increment integer, only_unit numeric, only_head text
) on commit drop;
create temporary table rating_step (
  rate_id integer, from_second integer, to_second integer, increment integer, unit numeric,
  price_text text, per integer, primary key (rate_id, from_second)
) on commit drop;
-- Where the increments of a call that stays at one rate start: the steps, after included_seconds.
create temporary table rating_segment (
  rate_id integer, from_second integer, to_second integer, increment integer, unit numeric,
  price_text text, per integer, primary key (rate_id, from_second)
) on commit drop;
create temporary table rating_call (
  ticket_id bigint, tariff_id bigint, direction text, digits text, masked boolean, start_at bigint,
  seconds integer, units bigint
) on commit drop
