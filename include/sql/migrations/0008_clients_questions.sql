-- Imports that wait for their columns: the client is reminded once, ops are asked once.
alter table upload add column reminded_at timestamptz;
comment on column upload.reminded_at is 'When the client was reminded that the file waits for its columns.';

create table mapping_question (
  upload_id bigint primary key references upload on delete cascade,
  run text,
  asked_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  closed_at timestamptz
);
comment on table mapping_question is 'The one question to ops about the columns of an import; Airflow holds the form.';
comment on column mapping_question.run is 'Which run of contacts_confirm_mapping asks; null = told, and not yet taken up by a run.';
comment on column mapping_question.seen_at is 'Last sign of life of that run; one that gives none for an hour is lost, and another may ask.';
comment on column mapping_question.closed_at is 'Left to the client: not asked again by itself.';
grant select, insert, update, delete on mapping_question to smsswitch_app;
grant select on mapping_question to smsswitch_reader;
