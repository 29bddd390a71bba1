-- Why contacts are skipped.
select coalesce(reason, 'unknown'), count(*)
from message
where
  campaign_id = %(campaign_id)s and activation_month = %(activation_month)s and state = 'skipped'
group by reason
