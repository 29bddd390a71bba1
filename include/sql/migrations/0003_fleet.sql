-- Groups (one computer with modems), their modems, and what modems receive.
create type group_state as enum (
  'started',   -- ⇄ stopped, → draining
  'stopped',   -- claims nothing
  'draining'   -- finishes what it holds, claims nothing → stopped
);
create table modem_group (
  group_id bigint generated always as identity primary key,
  mac macaddr not null unique,
  alias text not null check (length(alias) between 1 and 60),
  modems smallint not null check (modems between 1 and 64),
  state group_state not null default 'started',
  rate_limit integer check (rate_limit > 0),
  permit_per_modem integer default 20 check (permit_per_modem > 0),
  host_role name not null unique,
  epoch bigint not null default 0,
  journal_id uuid,
  boot_id text,
  host_name text,
  version text,
  last_heartbeat timestamptz,
  clock_skew interval,
  wake_at timestamptz,
  to_reconcile boolean not null default false,
  created_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index modem_group_alias on modem_group (alias) where deleted_at is null;
comment on table modem_group is 'The 2012 « groupe »: one computer with GSM modems plugged in, known by its MAC address, logged in as host_role.';
comment on column modem_group.deleted_at is 'Its history stays; adding its MAC address again brings it back.';
comment on column modem_group.modems is 'Declared number of modems; counts when the group was never seen.';
comment on column modem_group.rate_limit is '« Vitesse »: SMS a minute; null = no limit.';
comment on column modem_group.permit_per_modem is 'k: how far ahead of its reports a host may send, per modem; null = a whole batch.';
comment on column modem_group.epoch is 'Grows at each registration; a host with an older one is refused (SM409).';
comment on column modem_group.to_reconcile is 'The database was restored: this host has not yet said what its journal knows.';

create table restore_fence (
  one boolean primary key default true check (one),
  identity text not null,
  fenced_at timestamptz
);
comment on table restore_fence is 'Which server and copy this database was last used on; another one means a restored backup.';
comment on column restore_fence.fenced_at is 'Since when all claims are stopped; null = they are not.';

create table modem (
  group_id bigint not null references modem_group on delete cascade,
  imei text not null,
  port text,
  imsi text,
  iccid text,
  operator_code text,
  operator text,
  sim_state text,
  registration text,
  rssi smallint check (rssi between 0 and 31),
  in_service boolean not null default true,
  out_of_service_reason text,
  sent bigint not null default 0,
  delivered bigint not null default 0,
  failed bigint not null default 0,
  uncertain bigint not null default 0,
  last_error text,
  quota jsonb,
  balance text,
  seen_at timestamptz not null default now(),
  primary key (group_id, imei)
);
comment on column modem.quota is 'What its SIM has sent of what it may, as its host counts: {"today", "per_day", "month", "per_month", "recipients", "recipients_per_month"}; null = no quota.';
comment on column modem.balance is 'What the operator answered when last asked for the balance of its SIM.';
comment on column modem.rssi is '3GPP TS 27.007 +CSQ, 0..31; null = unknown (99). dBm = -113 + 2 * rssi.';
comment on column modem.sent is 'Segments accepted by the network since the first; counts are brought up to date by the roll-up.';
comment on column modem.sim_state is 'READY, SIM PIN, … of +CPIN, or the SIM error; registration is the +CREG state.';

create table modem_sample (
  group_id bigint not null,
  imei text not null,
  at timestamptz not null default now(),
  rssi smallint,
  operator_code text,
  sim_state text,
  primary key (group_id, imei, at)
);
comment on table modem_sample is 'Signal history, at most one a minute per modem.';

create table inbound_message (
  inbound_id bigint generated always as identity primary key,
  group_id bigint not null references modem_group,
  journal_id uuid not null,
  host_key text not null,
  imei text not null,
  sender text not null,
  text text not null,
  sent_at timestamptz,
  received_at timestamptz not null default now(),
  opt_out boolean not null default false,
  review boolean not null default false,
  unique (journal_id, host_key)
);
comment on column inbound_message.host_key is 'The host''s own key of it: reporting it twice changes nothing.';

comment on column inbound_message.review is 'It may be a wish to be left alone, but not in the words we know: a person should read it.';

grant select on restore_fence to smsswitch_app;
grant select, insert, update, delete on modem_group, modem to smsswitch_app;
grant select, insert, delete on modem_sample to smsswitch_app;
grant select on inbound_message to smsswitch_app;
grant select on modem_group, modem, modem_sample to smsswitch_reader;
