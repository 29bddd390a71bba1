-- How many parts a message has that is in no batch, on average.
select coalesce(avg(segments), 1)::float
from message
where
  activation_month = %(activation_month)s and campaign_id = %(campaign_id)s
  and state = 'planned' and batch_id is null
