-- What clients drop, and the contact lists that come of it.
create type upload_kind as enum ('contacts', 'mapping', 'campaign', 'blocklist', 'command');
create type upload_state as enum (
  'received',           -- → awaiting_mapping | loading | quarantined | rejected | duplicate
  'awaiting_mapping',   -- → mapping_submitted | expired
  'mapping_submitted',  -- → loading
  'loading',            -- → loaded | rejected | failed
  'loaded',
  'rejected',
  'duplicate',
  'quarantined',
  'expired',
  'failed'
);
create table upload (
  upload_id bigint generated always as identity primary key,
  import_id text not null unique check (import_id ~ '^imp_[0-9A-Za-z]{8,32}$'),
  client_id bigint not null references client,
  kind upload_kind not null,
  key text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  bytes bigint not null,
  state upload_state not null default 'received',
  reason text,
  list_name text,
  label text,
  in_inbox boolean not null default true,
  fingerprint text,
  mapping jsonb,
  mapping_by text,
  counts jsonb not null default '{}',
  receipt jsonb,
  validation jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table upload is 'One row per drop; its receipt document is derived from it.';
comment on column upload.key is 'Where it was dropped, relative to the bucket.';
comment on column upload.in_inbox is 'Not yet moved to processed/ or quarantine/.';
comment on column upload.fingerprint is 'sha256 over the header row and the number of columns: what a remembered mapping applies to.';
comment on column upload.mapping_by is 'sidecar, remembered:<import_id>, client, auto, or ops:<user>.';
comment on column upload.validation is 'Great Expectations'' results, as JSON.';
create unique index upload_in_inbox on upload (client_id, key, sha256) where in_inbox;
create index upload_state_idx on upload (state, created_at);
create index upload_content on upload (client_id, sha256);

create table drop_sighting (
  client_id bigint not null references client,
  key text not null,
  size bigint not null,
  version text not null,
  first_seen timestamptz not null default now(),
  same_since timestamptz not null default now(),
  upload_id bigint references upload,
  primary key (client_id, key)
);
comment on table drop_sighting is 'What the last scan saw in an inbox: tells a file that still grows from one that is complete.';
comment on column drop_sighting.version is 'Modification time or ETag of the object, as text.';
comment on column drop_sighting.upload_id is 'The upload that was registered for exactly this version; null = not yet complete.';

create table remembered_mapping (
  client_id bigint not null references client,
  fingerprint text not null,
  mapping jsonb not null,
  import_id text not null references upload (import_id),
  confirmed_at timestamptz not null default now(),
  primary key (client_id, fingerprint)
);
comment on table remembered_mapping is 'The last mapping that a client confirmed for a header; the next such file needs no question.';

create table contact_list (
  list_id bigint generated always as identity primary key,
  client_id bigint not null references client,
  name text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  label text,
  variables text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (client_id, name)
);
comment on column contact_list.variables is 'Names that a text may use beyond the fixed ones: the var_<name> columns loaded so far.';

create table contact (
  contact_id bigint generated always as identity primary key,
  list_id bigint not null references contact_list on delete cascade,
  msisdn text not null check (msisdn ~ '^\+[1-9][0-9]{6,14}$'),
  first_name text,
  last_name text,
  variable1 text,
  variable2 text,
  variables jsonb,
  upload_id bigint not null references upload,
  row_number integer not null,
  consent jsonb,
  updated_at timestamptz not null default now(),
  unique (list_id, msisdn)
);
comment on column contact.row_number is 'Row of the file it came from, as Excel shows it.';

create table opt_out (
  opt_out_id bigint generated always as identity primary key,
  msisdn text not null,
  client_id bigint references client,
  source text not null,
  at timestamptz not null default now(),
  unique nulls not distinct (msisdn, client_id)
);
comment on table opt_out is 'Numbers never to be texted: by STOP, by a blocklist file, by hand. client_id null = for every client.';

grant select, insert, update on upload, remembered_mapping, contact_list to smsswitch_app;
grant select, insert, update, delete on contact, opt_out, drop_sighting to smsswitch_app;
grant delete on contact_list to smsswitch_app;
grant select on upload, contact_list to smsswitch_reader;
