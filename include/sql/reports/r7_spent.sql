-- R7: what was captured per day, or per month of a long period.
select
  date_trunc(%(unit)s, l.at at time zone %(zone)s)::date as day,
  -sum(l.held) as captured
from ledger_entry as l
where l.kind = 'capture' and l.at >= %(since)s and l.at < %(until)s
group by 1
order by 1
