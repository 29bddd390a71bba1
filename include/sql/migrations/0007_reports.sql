-- Which reports have been made, for their index.
create table report_run (
  report text not null check (report ~ '^[RT][0-9]+$'),
  period text not null,
  language text not null check (language in ('fr', 'en')),
  first_day date not null,
  outcome text not null,
  html_key text not null,
  xlsx_key text not null,
  made_at timestamptz not null,
  primary key (report, period, language)
);
comment on table report_run is 'The last making of each report for each period; the files lie under the reports'' URL.';
comment on column report_run.period is '2026, 2026-11, 2026-11-22 or 2026-11-01..2026-11-15, in the zone of the centre.';
comment on column report_run.outcome is 'The sentence that the page begins with.';

grant select, insert, update, delete on report_run to smsswitch_app;
grant select on report_run to smsswitch_reader;

create table client_page (
  client_id bigint not null references client,
  page text not null,
  digest text not null,
  written_at timestamptz not null default now(),
  primary key (client_id, page)
);
comment on table client_page is 'What each page of an outbox last said, so that an unchanged one is not written again.';
comment on column client_page.page is 'home, or campaign:<name>.';
comment on column client_page.digest is 'sha256 of the figures that the page shows.';

grant select, insert, update, delete on client_page to smsswitch_app;
