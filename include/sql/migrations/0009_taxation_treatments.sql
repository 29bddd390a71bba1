-- The nine analyses, what starts each, who may run them and see whole numbers, and the organisation.
create table cost_centre (
  code text not null check (code <> ''),
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  name text not null default '',
  company text,
  primary key (code, valid_from)
);
comment on table cost_centre is 'The cost centres, each from a day on until its own end or the next entry of the same code.';

create table org_user (
  pbx text not null references pbx,
  extension text not null check (extension <> ''),
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  person text not null default '',
  cost_centre text,
  company text,
  primary key (pbx, extension, valid_from)
);
comment on table org_user is 'Who has an extension and where that person belongs, from a day on until the own end or the next entry of the same extension.';

-- No two spans of one extension, or of one cost centre, overlap: a later entry ends the one before.
create view org_user_span as
select
  pbx, extension, person, cost_centre, company, valid_from,
  least(valid_to, lead(valid_from) over (partition by pbx, extension order by valid_from) - 1) as valid_to
from org_user;
create view cost_centre_span as
select
  code, name, company, valid_from,
  least(valid_to, lead(valid_from) over (partition by code order by valid_from) - 1) as valid_to
from cost_centre;

create table organisation_file (
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  name text not null,
  imported_at timestamptz not null default now(),
  imported_by text not null,
  refused text
);
comment on table organisation_file is 'Organisation files that were read, by content; refused = why nothing of it was taken.';

create table taxation_profile (
  profile text primary key check (profile ~ '^[a-z][a-z0-9_-]{0,62}$'),
  treatments text[],
  may_unmask boolean not null default false
);
comment on table taxation_profile is 'What a person may do with the analyses; treatments null = run all of them.';
create table taxation_profile_member (
  member text primary key,
  profile text not null references taxation_profile on delete cascade
);
comment on table taxation_profile_member is 'Whose profile it is: ops:<name of the Airflow user or of the login of the centre>.';
insert into taxation_profile (profile, treatments, may_unmask) values
('everyone', null, false), ('unmask', null, true), ('none', '{}', false);
comment on column taxation_profile_member.member is 'Who is no member has the profile everyone.';

create table unmask_grant (
  grant_id bigint generated always as identity primary key,
  login name not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  reason text not null check (length(btrim(reason)) >= 3),
  until timestamptz not null
);
comment on table unmask_grant is 'Who opened whole numbers, until when. Written with an audit entry, by one function only.';
comment on column unmask_grant.transaction_id is 'Counts only once committed: no one looks first and rolls the audit back.';

alter table treatment add column threshold jsonb;
comment on column treatment.threshold is 'With trigger threshold: {"measure": "tickets" | "rejected" | "files" | "cost", "at_least": n}, counted since its last run by threshold.';
alter table treatment_run
add column occasion text,
add column actor text not null default 'airflow',
add column unmasked boolean not null default false,
add column load_number bigint not null default 0;
comment on column treatment_run.occasion is 'What it was run for: a day, a month, or the last file; one run each, so a task may be repeated.';
comment on column treatment_run.load_number is 'The last loaded spool file that it saw.';
create sequence spool_load_number;
alter table spooled_file add column load_number bigint;
update spooled_file set load_number = nextval('spool_load_number') where state = 'loaded';
comment on column spooled_file.load_number is 'The order in which files were loaded, again if one was replayed; files load one at a time.';
create index spooled_file_loads on spooled_file (load_number);
grant usage on sequence spool_load_number to smsswitch_taxation;
create unique index treatment_run_occasion on treatment_run (treatment, trigger, occasion);

insert into treatment (name, title_en, title_fr, sql_file, triggers) values
(
  'trunk_occupation', 'Trunk occupation', 'Occupation des faisceaux', 'taxation/trunk_occupation',
  '{daily,monthly,manual}'
),
(
  'unanswered', 'Unanswered calls and waiting', 'Appels sans réponse et attente', 'taxation/unanswered',
  '{daily,monthly,manual}'
),
('anomalies', 'Anomalies', 'Anomalies', 'taxation/anomalies', '{file_loaded,daily,manual}'),
('unused_extensions', 'Unused extensions', 'Postes inutilisés', 'taxation/unused_extensions', '{monthly,manual}'),
('layouts_seen', 'Layouts seen', 'Formats rencontrés', 'taxation/layouts_seen', '{file_loaded,monthly,manual}');
update treatment set title_en = 'Top callers and destinations', title_fr = 'Principaux appelants et destinations'
where name = 'top_destinations';

-- What they have in common, then what each adds.
update treatment set parameters = jsonb_build_object('type', 'object', 'additionalProperties', false, 'properties', '{
  "from": {"type": ["string", "null"], "format": "date", "default": null},
  "to": {"type": ["string", "null"], "format": "date", "default": null},
  "pbx": {"type": ["string", "null"], "default": null}}'::jsonb || own.fields)
from (values
  ('cost_per_cost_centre', '{
    "per": {"type": "string", "enum": ["cost_centre", "company", "user"], "default": "cost_centre"},
    "cost_centre": {"type": ["string", "null"], "default": null}}'::jsonb),
  ('top_destinations', '{
    "side": {"type": "string", "enum": ["destinations", "callers"], "default": "destinations"},
    "cost_centre": {"type": ["string", "null"], "default": null},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20}}'),
  ('traffic_by_hour', '{"cost_centre": {"type": ["string", "null"], "default": null}}'),
  ('call_types', '{"cost_centre": {"type": ["string", "null"], "default": null}}'),
  ('trunk_occupation', '{
    "trunk_group": {"type": ["string", "null"], "default": null},
    "blocking": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.01}}'),
  ('unanswered', '{
    "per": {"type": "string", "enum": ["hour", "extension", "cost_centre", "day"], "default": "extension"},
    "cost_centre": {"type": ["string", "null"], "default": null}}'),
  ('anomalies', '{
    "cost_centre": {"type": ["string", "null"], "default": null},
    "long_seconds": {"type": "integer", "minimum": 1, "default": 7200},
    "night_from": {"type": "integer", "minimum": 0, "maximum": 23, "default": 22},
    "night_to": {"type": "integer", "minimum": 0, "maximum": 23, "default": 6},
    "premium": {"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$", "default": "089,118"},
    "spike_factor": {"type": "number", "exclusiveMinimum": 1, "default": 3},
    "spike_calls": {"type": "integer", "minimum": 1, "default": 20}}'),
  ('unused_extensions', '{}'),
  ('layouts_seen', '{}')
) as own (name, fields)
where treatment.name = own.name;

grant select, insert, update, delete on cost_centre, org_user, taxation_profile, taxation_profile_member
to smsswitch_app;
grant select, insert, update on organisation_file to smsswitch_app;
grant select on cost_centre, org_user, org_user_span, cost_centre_span, taxation_profile, taxation_profile_member
to smsswitch_reader, smsswitch_unmask, smsswitch_taxation, smsswitch_app;
grant select on spooled_file, meta_columndesc, ticket_layout, pbx, call_type, ticket_field to smsswitch_unmask;
grant select on unmask_grant, organisation_file to smsswitch_reader, smsswitch_auditor, smsswitch_app;
alter table ticket_layout add column asked_at timestamptz;
comment on column ticket_layout.asked_at is 'When a person was first asked to allow it.';

create schema unmasked authorization smsswitch_taxation;
comment on schema unmasked is 'The same views with whole numbers, for who may see them and has said why.';
grant usage on schema unmasked to smsswitch_unmask;

-- Digests begin with the date of their ticket, so a page of the table holds a narrow range of them.
drop index taxdata_content;
create index taxdata_content on taxdata using brin (content_digest) with (pages_per_range = 16, autosummarize = on);
