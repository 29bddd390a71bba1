-- What a host gave back of a campaign that is over is not planned again.
update message as m set
  state = case c.state when 'expired' then 'expired' else 'cancelled' end::message_state,
  batch_id = null,
  first_seq = null,
  final_at = now()
from campaign as c
where
  c.state in ('cancelled', 'expired') and c.finished_at > now() - interval '31 days'
  and m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
  and m.state = 'planned'
