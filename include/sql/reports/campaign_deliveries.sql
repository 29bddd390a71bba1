-- Every message of one campaign with its outcome, in the order of the list.
select
  msisdn as phone,
  state::text as state,
  reason,
  segments,
  price,
  sent_at,
  final_at
from message
where campaign_id = %(campaign_id)s
order by message_id
