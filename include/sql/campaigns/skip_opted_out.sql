-- Who said STOP since the messages were made gets none.
update message as m set state = 'skipped', reason = 'opted_out', final_at = now()
from opt_out as o
where
  m.activation_month = %(activation_month)s and m.campaign_id = %(campaign_id)s
  and m.state = 'planned' and m.batch_id is null
  and o.msisdn = m.msisdn and (o.client_id is null or o.client_id = %(client_id)s)
