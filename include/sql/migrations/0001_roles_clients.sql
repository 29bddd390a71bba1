-- Clients, their prepaid credit, the audit chain and alerts.
create schema api;
comment on schema api is 'What a modem host may call, and nothing else: versioned functions.';
revoke all on schema api from public;

create table client (
  client_id bigint generated always as identity primary key,
  code text not null unique check (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  name text not null,
  language text not null default 'fr' check (language in ('fr', 'en')),
  tariff text not null default 'default',
  approve_above numeric(14, 4) check (approve_above >= 0),
  completion text not null default 'stable' check (completion in ('stable', 'marker')),
  auto_confirm text not null default 'never' check (auto_confirm in ('never', 'high_confidence')),
  max_columns smallint not null default 5 check (max_columns between 1 and 64),
  max_reject_ratio numeric(4, 3) not null default 0.2 check (max_reject_ratio between 0 and 1),
  quote_required boolean not null default false,
  alert_address text,
  low_credit numeric(14, 4) not null default 10,
  created_at timestamptz not null default now()
);
comment on table client is 'Who drops files and pays. Its code is its prefix in the bucket.';
comment on column client.approve_above is 'A campaign that costs more waits for a person; null = no limit.';
comment on column client.completion is 'When a drop is complete: unchanged in two scans, or marked by a .ok file.';
comment on column client.quote_required is 'Activation must cite the quote that it accepts.';

create type ledger_kind as enum (
  'topup',    -- money in
  'reserve',  -- held for a campaign at its activation
  'capture',  -- a held amount spent: segments were sent
  'release',  -- a held amount given back: failed, skipped, expired, cancelled
  'invoice'   -- a correction by an invoice or a credit note
);
create table ledger_entry (
  entry_id bigint generated always as identity primary key,
  client_id bigint not null references client,
  kind ledger_kind not null,
  amount numeric(14, 4) not null,
  held numeric(14, 4) not null default 0,
  campaign_id bigint,
  note text,
  at timestamptz not null default now(),
  check (
    case kind
      when 'topup' then amount > 0 and held = 0
      when 'reserve' then amount < 0 and held = -amount
      when 'capture' then amount = 0 and held < 0
      when 'release' then amount > 0 and held = -amount
      else held = 0
    end
  )
);
comment on table ledger_entry is 'Prepaid credit, net of VAT, append-only. Balance = sum(amount); held for campaigns = sum(held).';
comment on column ledger_entry.amount is 'Effect on what the client may still spend, EUR.';
comment on column ledger_entry.held is 'Effect on what is held for activated campaigns, EUR.';
create index ledger_entry_client on ledger_entry (client_id, entry_id);
create index ledger_entry_campaign on ledger_entry (campaign_id) where campaign_id is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'SM403';
end
$$;
create trigger ledger_append_only before update or delete or truncate on ledger_entry
for each statement execute function refuse_change();

create function guard_balance() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  balance numeric;
begin
  -- The client's row is the lock: activations of one client wait for each other here. "no key", since
  -- two of them already hold the key share lock that a foreign key takes.
  perform from client where client_id = new.client_id for no key update;
  select coalesce(sum(amount), 0) into balance from ledger_entry where client_id = new.client_id;
  if balance + new.amount < 0 then
    raise exception 'credit insufficient: % available, % needed', balance, -new.amount using errcode = 'SM402';
  end if;
  return new;
end
$$;
create trigger ledger_never_negative before insert on ledger_entry
for each row when (new.amount < 0) execute function guard_balance();

create view client_balance as
select
  c.client_id,
  c.code,
  coalesce(sum(l.amount), 0)::numeric(14, 4) as balance,
  coalesce(sum(l.held), 0)::numeric(14, 4) as held
from client as c left join ledger_entry as l using (client_id)
group by c.client_id;

create table audit_entry (
  entry_id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null,
  subject text not null,
  detail jsonb not null default '{}',
  hash bytea
);
comment on table audit_entry is 'Who did what. Each hash covers the row and the hash before it, so that a missing or changed row shows.';
create function chain_audit() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  previous bytea;
begin
  perform pg_advisory_xact_lock(7226003);
  select hash into previous from audit_entry order by entry_id desc limit 1;
  new.hash := sha256(coalesce(previous, '') || convert_to(
    concat_ws('|', new.entry_id, extract(epoch from new.at), new.actor, new.action, new.subject, new.detail), 'UTF8'
  ));
  return new;
end
$$;
create trigger audit_chain before insert on audit_entry for each row execute function chain_audit();
create trigger audit_append_only before update or delete or truncate on audit_entry
for each statement execute function refuse_change();

create table alert (
  alert_id bigint generated always as identity primary key,
  kind text not null,
  subject text not null,
  detail text not null default '',
  raised_at timestamptz not null default now(),
  over_at timestamptz
);
comment on table alert is 'Something a person should look at; at most one open per kind and subject.';
create unique index alert_open on alert (kind, subject) where over_at is null;

grant select, insert, update on client, alert to smsswitch_app;
grant select, insert on ledger_entry, audit_entry to smsswitch_app;
grant select on client_balance to smsswitch_app, smsswitch_reader;
grant select on client, ledger_entry, alert to smsswitch_reader;
grant select on audit_entry to smsswitch_auditor;
