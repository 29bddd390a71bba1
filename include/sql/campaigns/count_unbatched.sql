-- Messages that may be given to a host now.
select count(*)
from message
where
  activation_month = %(activation_month)s and campaign_id = %(campaign_id)s
  and state = 'planned' and batch_id is null and (not_before is null or not_before <= now())
