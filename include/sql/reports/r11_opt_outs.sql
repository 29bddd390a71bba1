-- R11: numbers never to be texted, by where the wish came from: in all, and new in the period.
select
  source,
  count(*) filter (where client_id is null) as for_all,
  count(*) filter (where client_id is not null) as for_one,
  count(*) filter (where at >= %(since)s and at < %(until)s) as recent
from opt_out
group by source
order by source
