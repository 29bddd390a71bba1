-- Newest periods first, in each period the reports by number.
select report, period, language, outcome, html_key, xlsx_key, made_at
from report_run
where language = %(language)s
order by
  to_char(first_day, 'YYYY-MM') desc,
  left(report, 1) asc,
  substr(report, 2)::int asc,
  first_day desc,
  period desc
limit %(most)s
