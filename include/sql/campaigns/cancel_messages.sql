-- Batches that nobody will claim any more are closed, then what no host holds is cancelled at once. In this order,
-- which is a claim's too: the other way round, each could wait for the other.
update send_batch set state = 'returned', done_at = now()
where campaign_id = %(campaign_id)s and state = 'planned';

update message as m set
  state = 'cancelled', batch_id = null, first_seq = null, final_at = now()
from campaign as c
where
  c.campaign_id = %(campaign_id)s and m.activation_month = c.activation_month
  and m.campaign_id = c.campaign_id and m.state = 'planned'
