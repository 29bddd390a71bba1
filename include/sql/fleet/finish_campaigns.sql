-- A campaign is over when the states of its messages say so: none is planned, with a host or uncertain.
update campaign as c set
  state = case
    when c.expire_at <= now() and (
        c.expanded_at is null or exists (
          select from message as m
          where
            m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
            and m.state = 'expired'
        )
      ) then 'expired'
    else 'completed'
  end::campaign_state,
  reason = case
    when c.expire_at <= now() and c.expanded_at is null then 'expired_before_start'
    when c.expire_at <= now() and exists (
        select from message as m
        where
          m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
          and m.state = 'expired'
      ) then 'not_all_sent_in_time'
  end,
  paused_from = null,
  finished_at = now(),
  updated_at = now()
where
  (
    (c.state = 'sending' and c.expanded_at is not null)
    or (c.state = 'paused' and c.expire_at <= now())
    or (c.state = 'scheduled' and c.expire_at <= now())
  )
  and not exists (
    select from message as m
    where
      m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
      and m.state in ('planned', 'leased', 'uncertain')
  )
returning
  c.campaign_id, c.name, (select l.code from client as l where l.client_id = c.client_id), c.state::text
