-- What may still change a month of a client: calls without a price, messages nobody has decided on.
select
  (
    select count(*)
    from pbx as p
    join v_ticket_full as v on v.pbx = p.code
    left join rated_ticket as r on r.ticket_id = v.ticket_id and not r.superseded
    where
      p.client_id = %(client_id)s and v.direction = 'outgoing' and r.cost is null
      and (coalesce(v.start_at, v.end_date_time at time zone v.timezone) at time zone %(zone)s)::date >= %(month)s
      and (coalesce(v.start_at, v.end_date_time at time zone v.timezone) at time zone %(zone)s)::date < %(after)s
  ) as unrated_calls,
  (
    select count(*)
    from message as m
    join campaign as c using (campaign_id)
    where c.client_id = %(client_id)s and m.state = 'uncertain' and m.activation_month < %(after)s
  ) as uncertain_messages
