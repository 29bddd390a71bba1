-- Calls that nobody answered, and how long people waited: before an answer (mean, nine in ten, longest)
-- and before they gave up. Incoming and outgoing apart; local and unspecified calls too. A call was
-- answered if people spoke (EffectiveCallDuration, else Duration, above 0). A ticket without a waiting
-- time counts as a call but not into the waiting. A call counts on the day of its start in the PBX's
-- own time.
-- Parameters: from, to (days, both included), pbx, cost_centre, per (extension, cost_centre, hour or day).
with call as (
  select
    pbx,
    case %(p_per)s
      when 'extension' then charged_number
      when 'cost_centre' then cost_centre
      when 'hour' then to_char(coalesce(start_date_time, end_date_time), 'HH24')
      else to_char(coalesce(start_date_time, end_date_time), 'YYYY-MM-DD')
    end as per,
    case when %(p_per)s = 'extension' then user_name end as user_name,
    direction,
    coalesce(effective_call_duration, duration, 0) > 0 as answered,
    waiting_duration as waited
  from v_ticket
  where
    (%(p_from)s::date is null or coalesce(start_date_time, end_date_time) >= %(p_from)s::date)
    and (%(p_to)s::date is null or coalesce(start_date_time, end_date_time) < %(p_to)s::date + 1)
    and (%(p_pbx)s::text is null or pbx = %(p_pbx)s)
    and (%(p_cost_centre)s::text is null or cost_centre = %(p_cost_centre)s)
)
select
  pbx,
  per,
  user_name,
  direction,
  count(*) as calls,
  count(*) filter (where answered) as answered,
  count(*) filter (where not answered) as unanswered,
  round(100.0 * count(*) filter (where not answered) / count(*), 1) as unanswered_percent,
  round(avg(waited) filter (where answered), 1) as waited_mean,
  percentile_disc(0.9) within group (order by waited) filter (where answered) as waited_nine_in_ten,
  max(waited) filter (where answered) as waited_longest,
  round(avg(waited) filter (where not answered), 1) as gave_up_after
from call
group by pbx, per, user_name, direction
order by pbx asc, per asc, user_name asc, direction asc
