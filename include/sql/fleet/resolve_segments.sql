-- A person's word on the uncertain parts of messages; the messages by month, whose state follows.
with resolved as (
  update segment as s set
    state = %(state)s::message_state,
    submitted_at = case when %(state)s = 'sent' then coalesce(s.submitted_at, s.updated_at) else s.submitted_at end,
    error = 'resolved',
    updated_at = now()
  from message as m
  where
    m.message_id = any(%(ids)s::bigint[]) and m.state = 'uncertain'
    and s.activation_month = m.activation_month and s.message_id = m.message_id
    and s.state = 'uncertain'
  returning s.activation_month, s.message_id
)
select activation_month, array_agg(distinct message_id) from resolved group by activation_month
