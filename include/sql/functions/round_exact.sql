-- The one rounding of a price: numerator / denominator (> 0) without ever writing an inexact quotient.
-- "scale" is 10 to the power of the decimals, "quantum" its inverse.
create or replace function round_exact(
  numerator numeric, denominator numeric, method text, scale numeric, quantum numeric
) returns numeric
language sql immutable parallel safe
return sign(numerator) * quantum * case method
  when 'down' then div(abs(numerator) * scale, denominator)
  when 'half_up' then div(2 * abs(numerator) * scale + denominator, 2 * denominator)
  else
    div(abs(numerator) * scale, denominator)
    + (mod(abs(numerator) * scale, denominator) > 0)::integer
end;

-- What callers dial, as digits of an E.164 number; '' for a short number, which has none. A masked end
-- (---- or ****) stays at the end.
create or replace function dialled_e164(number text, plan jsonb) returns text
language sql immutable parallel safe
return (
  select
    case
      when d.digits !~ '^[+]?[0-9]+[-*]*$' then ''
      when starts_with(d.digits, '+') then substr(d.digits, 2)
      when plan ->> 'international' <> '' and starts_with(d.digits, plan ->> 'international')
        then substr(d.digits, length(plan ->> 'international') + 1)
      when plan ->> 'national' <> '' and starts_with(d.digits, plan ->> 'national')
        then (plan ->> 'country') || substr(d.digits, length(plan ->> 'national') + 1)
      else ''
    end
  from (
    select case
      when plan ->> 'outside' <> '' and starts_with(number, plan ->> 'outside')
        then substr(number, length(plan ->> 'outside') + 1)
      else number
    end as digits
  ) as d
);
