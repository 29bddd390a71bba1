-- The same of rendered texts: how many would go home, and how many elsewhere.
select
  case when msisdn like %(home)s then '' else left(msisdn, 10) end as beginning,
  min(msisdn) as sample,
  count(*) as messages
from rendered
where reason is null
group by 1
