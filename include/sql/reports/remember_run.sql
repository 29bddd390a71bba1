-- The index shows the last making of each report.
insert into report_run (report, period, language, first_day, outcome, html_key, xlsx_key, made_at)
values (
  %(report)s, %(period)s, %(language)s, %(first_day)s,
  %(outcome)s, %(html_key)s, %(xlsx_key)s, %(made_at)s
)
on conflict (report, period, language) do update set
  first_day = excluded.first_day,
  outcome = excluded.outcome,
  html_key = excluded.html_key,
  xlsx_key = excluded.xlsx_key,
  made_at = excluded.made_at
