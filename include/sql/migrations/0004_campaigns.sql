-- Campaigns, their quotes, their messages and the batches that hosts claim.
create type campaign_state as enum (
  'draft',              -- → quoted
  'quoted',             -- → awaiting_approval | scheduled
  'awaiting_approval',  -- → scheduled | quoted
  'scheduled',          -- → expanding
  'expanding',          -- → sending
  'sending',            -- ⇄ paused, → completed | expired | cancelled
  'paused',
  'completed',
  'cancelled',
  'expired',
  'failed'
);
create table campaign (
  campaign_id bigint generated always as identity primary key,
  client_id bigint not null references client,
  name text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  list_id bigint references contact_list,
  state campaign_state not null default 'draft',
  reason text,
  purpose text not null check (purpose in ('marketing', 'transactional')),
  spec jsonb not null,
  on_uncertain text not null default 'hold' check (on_uncertain in ('hold', 'resend')),
  activation_month date check (activation_month = date_trunc('month', activation_month)),
  activated_at timestamptz,
  start_at timestamptz,
  expire_at timestamptz,
  window_from timestamptz,
  window_until timestamptz,
  expanded_at timestamptz,
  finished_at timestamptz,
  paused_from campaign_state,
  exemption jsonb,
  approved_by text,
  upload_id bigint references upload,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (client_id, name)
);
comment on column campaign.spec is 'The campaign file as last accepted; frozen once expansion has begun.';
comment on column campaign.activation_month is 'First day of the month of activation: the partition of all its messages.';
comment on column campaign.window_from is 'Its next sending window, kept up to date by expansion: no message may be claimed before window_from nor after window_until; null = any hour.';
comment on column campaign.exemption is 'Why an administrator let a marketing campaign pass the compliance profile: {"ground", "by", "at"}.';
comment on column campaign.approved_by is 'Who approved a cost above the client''s limit.';
comment on column campaign.reason is 'Why it is in its state, where the state alone does not say.';
alter table ledger_entry add foreign key (campaign_id) references campaign;

create table quote (
  quote_id text primary key check (quote_id ~ '^quo_[0-9A-Za-z]{8,32}$'),
  campaign_id bigint not null references campaign on delete cascade,
  spec_sha256 text not null,
  cost numeric(14, 4) not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days'
);
create index quote_campaign on quote (campaign_id, created_at desc);

create type message_state as enum (
  'planned',      -- → leased | expired | cancelled
  'leased',       -- claimed by a host → sent | failed | uncertain | planned (returned, or may be tried again)
  'sent',         -- the network took every part → delivered | undelivered
  'delivered',
  'undelivered',
  'failed',       -- the network refused it for good
  'uncertain',    -- may have gone out → sent | planned | written_off, by a person or by proof
  'written_off',
  'skipped',      -- not to be sent: reason
  'expired',
  'cancelled'
);
create sequence message_id_seq;
create table message (
  activation_month date not null,
  message_id bigint not null default nextval('message_id_seq'),
  campaign_id bigint not null,
  contact_id bigint not null,
  msisdn text not null,
  text text,
  variant text,
  text_md5 uuid generated always as (md5(text)::uuid) stored,
  encoding text check (encoding in ('gsm7', 'ucs2')),
  segments smallint not null default 0 check (segments between 0 and 8),
  price numeric(10, 4) not null default 0,
  state message_state not null default 'planned',
  reason text,
  batch_id bigint,
  first_seq integer,
  attempts smallint not null default 0,
  not_before timestamptz,
  settled boolean not null default false,
  sent_at timestamptz,
  final_at timestamptz,
  primary key (activation_month, message_id),
  unique (activation_month, campaign_id, contact_id),
  check (state = 'skipped' or (text is not null and segments > 0))
) partition by range (activation_month);
comment on table message is 'One contact of one campaign. Its state is that of its worst segment.';
comment on column message.text_md5 is 'Fingerprint of the text as planned: shows that what was sent is what was planned.';
comment on column message.price is 'Of the whole message, EUR net of VAT, held in the ledger from activation on.';
comment on column message.first_seq is 'Place of its first segment in its batch, from 1, numbered at the claim; the others still to be sent follow.';
comment on column message.variant is 'Which of the campaign''s texts it got, where there are several.';
comment on column message.settled is 'Its price has been captured or released in the ledger.';
comment on column message.reason is 'skipped: opted_out, missing_variable, too_many_parts, …; failed: the network''s error.';
create index message_campaign on message (campaign_id, state);
create index message_batch on message (batch_id) where batch_id is not null;
create index message_unbatched on message (campaign_id, message_id) where state = 'planned' and batch_id is null;
create index message_unsettled on message (campaign_id)
where not settled and state not in ('planned', 'leased', 'uncertain');

create table segment (
  activation_month date not null,
  message_id bigint not null,
  part smallint not null,
  state message_state not null,
  group_id bigint not null,
  batch_id bigint not null,
  attempt_id uuid not null,
  imei text,
  imsi text,
  reference smallint,
  error_code integer,
  error text,
  submitted_at timestamptz,
  reported_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (activation_month, message_id, part)
) partition by range (activation_month);
comment on table segment is 'One part of a message, once a host has tried it: the latest word on it.';
comment on column segment.reference is 'TP-Message-Reference that the modem answered (3GPP TS 23.040 9.2.3.6).';
comment on column segment.reported_at is 'When its delivery report came.';
create index segment_modem on segment (imei, updated_at);

create table attempt (
  activation_month date not null,
  message_id bigint not null,
  part smallint not null,
  attempt_id uuid not null,
  kind text not null check (
    kind in ('sent', 'failed', 'retryable', 'not_sent', 'uncertain', 'delivered', 'undelivered')
  ),
  group_id bigint not null,
  batch_id bigint not null,
  epoch bigint not null,
  imei text,
  imsi text,
  reference smallint,
  error_code integer,
  error text,
  host_at timestamptz,
  received_at timestamptz not null default now(),
  conflict boolean not null default false,
  primary key (activation_month, message_id, part, attempt_id, kind)
) partition by range (activation_month);
comment on table attempt is 'Every report of every host, kept as evidence; the key makes a repeated report a no-op.';
comment on column attempt.conflict is 'It contradicted a terminal state, which was kept.';

create type batch_state as enum (
  'planned',    -- → leased | returned
  'leased',     -- a host holds it → done | returned | condemned
  'done',       -- every segment has its result
  'returned',   -- given back; its open messages are planned again
  'condemned'   -- its host is gone: open messages above the permit planned again, the others uncertain
);
create table send_batch (
  batch_id bigint generated always as identity primary key,
  activation_month date not null,
  campaign_id bigint not null references campaign,
  group_id bigint not null references modem_group,
  state batch_state not null default 'planned',
  messages smallint not null,
  segments smallint not null,
  lease_token uuid,
  journal_id uuid,
  epoch bigint,
  leased_at timestamptz,
  leased_messages bigint[],
  leased_segments integer,
  reported integer not null default 0,
  permit_seq integer not null default 0,
  revoked boolean not null default false,
  silent_at timestamptz,
  planned_at timestamptz not null default now(),
  done_at timestamptz,
  check ((state = 'planned') = (lease_token is null) or state in ('returned', 'condemned'))
);
comment on column send_batch.leased_messages is 'What the host was given: the claim leaves out what must not be sent any more.';
comment on column send_batch.leased_segments is 'Segments of leased_messages still to be sent; their seq, given at the claim, runs from 1 to it.';
comment on column send_batch.reported is 'How many of leased_segments have a result.';
comment on column send_batch.permit_seq is 'No segment with a higher seq may be begun by the host.';
comment on column send_batch.revoked is 'The host must begin nothing more of it (campaign paused or cancelled, group stopped).';
comment on column send_batch.silent_at is 'Since when its host has not been heard of; it is planned again only when condemned.';
-- Of one group only: a guessed token of another group must look like any unknown one.
create unique index send_batch_lease on send_batch (group_id, lease_token) where lease_token is not null;
create index send_batch_open on send_batch (group_id, state, batch_id) where state in ('planned', 'leased');
create index send_batch_campaign on send_batch (campaign_id);

-- Partitions of one month for the three tables of messages. Owner's rights: the pipelines may not
-- create tables by themselves.
create function ensure_message_partitions(month date) returns void
language plpgsql security definer set search_path = '' as $$
declare
  parent text;
  child text;
begin
  if month <> date_trunc('month', month) then
    raise exception '% is not the first day of a month', month using errcode = '22023';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(7226004);
  foreach parent in array array['message', 'segment', 'attempt'] loop
    child := pg_catalog.format('%s_%s', parent, pg_catalog.to_char(month, 'YYYYMM'));
    if pg_catalog.to_regclass('public.' || child) is null then
      execute pg_catalog.format(
        'create table public.%I partition of public.%I for values from (%L) to (%L)',
        child, parent, month, (month + interval '1 month')::date
      );
    end if;
  end loop;
end
$$;
revoke all on function ensure_message_partitions(date) from public;
grant execute on function ensure_message_partitions(date) to smsswitch_app;

create view campaign_count as
select campaign_id, state, reason, count(*) as messages, sum(segments) as segments, sum(price) as price
from message
group by campaign_id, state, reason;
comment on view campaign_count is 'Messages of each campaign by state; for skipped and failed also by reason.';

grant select, insert, update on campaign, message, segment, send_batch to smsswitch_app;
grant usage on sequence message_id_seq to smsswitch_app;
grant select, insert on quote, attempt to smsswitch_app;
grant select on campaign_count, campaign, send_batch to smsswitch_app, smsswitch_reader;
