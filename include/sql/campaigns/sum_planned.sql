-- What the messages cost that are still to be paid for.
select count(*), coalesce(sum(price), 0)
from message
where
  activation_month = %(activation_month)s and campaign_id = %(campaign_id)s
  and state <> 'skipped' and not settled
