-- Messages that may be given to a host now: at home under an empty beginning, the others under theirs.
select
  case when msisdn like %(home)s then '' else left(msisdn, 10) end as beginning,
  min(msisdn) as sample,
  count(*) as messages
from message
where
  activation_month = %(activation_month)s and campaign_id = %(campaign_id)s
  and state = 'planned' and batch_id is null and (not_before is null or not_before <= now())
group by 1
