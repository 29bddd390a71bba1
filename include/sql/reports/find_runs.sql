-- The reports made for periods that begin between two days, of one kind if wanted; newest periods first.
select report, period, language, outcome, html_key, xlsx_key, made_at
from report_run
where
  language = %(language)s and first_day >= %(first)s and first_day < %(after)s
  and (%(report)s::text is null or report = %(report)s)
order by
  first_day desc,
  left(report, 1) asc,
  substr(report, 2)::int asc,
  period desc
limit %(most)s
