-- The journal of a modem host. Every state of a segment: fetched (a message with no attempt), intent
-- (an attempt without kind), answered (with one), uploaded.
create table if not exists fact (name text primary key, value text not null);
create table if not exists batch (
  batch_id integer primary key,
  token text not null,
  permit_seq integer not null,
  not_after real,
  open integer not null default 1,
  fetched_at text not null,
  closed_at text
);
create table if not exists message (
  batch_id integer not null references batch,
  message_id integer not null,
  seq integer not null,
  msisdn text,
  text text,
  encoding text not null,
  segments integer not null,
  parts text not null,
  primary key (batch_id, message_id)
) without rowid;
create table if not exists attempt (
  row integer primary key,
  attempt_id text not null,
  batch_id integer not null,
  message_id integer not null,
  part integer not null,
  msisdn text,
  imei text,
  imsi text,
  mr_before integer,
  epoch integer,
  begun_at text not null,
  kind text,
  reference integer,
  error_code integer,
  error text,
  answered_at text,
  -- 0 to upload, 1 uploaded, 2 held back, 3 of no interest to the centre, 4 refused by the centre
  upload integer not null default 0
);
create index if not exists attempt_pending on attempt (upload) where upload in (0, 2);
create index if not exists attempt_reference on attempt (reference, imei) where reference is not null;
create index if not exists attempt_uncertain on attempt (imei) where kind = 'uncertain';
create index if not exists attempt_batch on attempt (batch_id);
-- What the centre said must not be begun any more: known also to a process that cannot ask it yet.
create table if not exists stopped (message_id integer primary key);
create table if not exists receipt (
  row integer primary key,
  attempt_row integer references attempt,
  imei text,
  reference integer not null,
  msisdn text not null,
  kind text not null,
  code integer not null,
  at text not null,
  upload integer not null default 0
);
create unique index if not exists receipt_once on receipt (attempt_row, kind) where attempt_row is not null;
create index if not exists receipt_pending on receipt (upload) where upload = 0;
create table if not exists inbound (
  row integer primary key,
  host_key text not null unique,
  imei text not null,
  sender text not null,
  text text not null,
  sent_at text,
  upload integer not null default 0
);
create index if not exists inbound_pending on inbound (upload) where upload = 0;
-- Whom a SIM sent to in a month, where it has a quota of that; the number itself is forgotten.
create table if not exists recipient (
  sim text not null,
  month text not null,
  key blob not null,
  primary key (sim, month, key)
) without rowid;
create table if not exists sim (
  imei text not null,
  imsi text not null,
  agreed integer not null default 0,
  primary key (imei, imsi)
) without rowid;
