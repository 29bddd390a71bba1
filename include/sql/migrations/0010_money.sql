-- Invoices that cannot be changed, who they are made out to, and what a re-rating changed.
create table client_identity (
  client_id bigint primary key references client,
  legal_name text not null check (legal_name <> ''),
  siren text check (siren ~ '^[0-9]{9}$'),
  vat_number text check (vat_number ~ '^[A-Z]{2}[0-9A-Z]{2,13}$'),
  address text not null,
  postcode text not null,
  city text not null,
  country text not null default 'FR' check (country ~ '^[A-Z]{2}$'),
  email text,
  updated_at timestamptz not null default now(),
  check (country <> 'FR' or siren is not null)
);
comment on table client_identity is 'Who a client is in law, as its invoices name it.';
comment on column client_identity.siren is 'Of a French company: nine digits; required on invoices between firms.';

create type invoice_kind as enum ('invoice', 'credit_note');
create table invoice_counter (
  kind invoice_kind primary key,
  prefix text not null unique check (prefix ~ '^[A-Z]{1,4}$'),
  last bigint not null default 0 check (last >= 0)
);
comment on table invoice_counter is 'The last number of each series. Its row is the lock: a number belongs to the transaction that issues.';
insert into invoice_counter (kind, prefix) values ('invoice', 'F'), ('credit_note', 'A');

create table invoice (
  invoice_id bigint generated always as identity primary key,
  number text not null unique,
  kind invoice_kind not null,
  sequence bigint not null,
  client_id bigint not null references client,
  period date not null check (period = date_trunc('month', period)),
  revision smallint not null default 1 check (revision > 0),
  corrects bigint unique references invoice,
  issued_on date not null,
  due_on date not null check (due_on >= issued_on),
  net numeric(14, 2) not null,
  vat numeric(14, 2) not null,
  gross numeric(14, 2) not null,
  prepaid numeric(14, 2) not null,
  payable numeric(14, 2) not null,
  document jsonb not null,
  issued_at timestamptz not null default now(),
  unique (kind, sequence),
  unique (client_id, period, kind, revision),
  check ((kind = 'credit_note') = (corrects is not null)),
  check (gross = net + vat),
  check (payable = gross - prepaid)
);
comment on table invoice is 'Issued invoices and credit notes: never changed, never deleted.';
comment on column invoice.period is 'First day of the month that is invoiced.';
comment on column invoice.revision is '2 after the first invoice of the month was cancelled by a credit note, and so on.';
comment on column invoice.corrects is 'The invoice that a credit note cancels, whole.';
comment on column invoice.prepaid is 'What the prepaid credit has paid already: the SMS, net.';
comment on column invoice.document is 'All that PDF and XML show; both can be made again from it.';

create table invoice_line (
  invoice_id bigint not null references invoice,
  position integer not null check (position > 0),
  kind text not null check (kind in ('sms', 'calls')),
  month date not null check (month = date_trunc('month', month)),
  item text not null,
  unit_price numeric,
  quantity numeric not null,
  times bigint not null,
  seconds bigint not null,
  exact numeric not null,
  vat_percent numeric(5, 2) not null,
  net numeric(14, 2) not null,
  primary key (invoice_id, position)
);
comment on table invoice_line is 'What was invoiced, by campaign and by cost centre. What is consumed less what stands here is still to be invoiced.';
comment on column invoice_line.month is 'In which it was consumed: an earlier one where it became known late.';
comment on column invoice_line.item is 'A campaign; a cost centre, '''' for none.';
comment on column invoice_line.quantity is 'SMS (segments), or calls.';
comment on column invoice_line.times is 'Messages, or calls.';
comment on column invoice_line.exact is 'The amount before it was rounded to cents, net.';
create index invoice_line_item on invoice_line (kind, month, item);

create function guard_invoice() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if not exists (
    select from invoice_counter as c
    where c.kind = new.kind and c.last = new.sequence and new.number = c.prefix || lpad(new.sequence::text, 6, '0')
  ) then
    raise exception '% is not the number just counted', new.number using errcode = 'SM404';
  end if;
  if new.kind = 'invoice' and new.revision > 1 and not exists (
    select from invoice as i join invoice as c on c.corrects = i.invoice_id
    where i.client_id = new.client_id and i.period = new.period and i.revision = new.revision - 1
  ) then
    raise exception 'the invoice before it has no credit note' using errcode = 'SM404';
  end if;
  return new;
end
$$;
create trigger invoice_number before insert on invoice for each row execute function guard_invoice();
create trigger invoice_immutable before update or delete or truncate on invoice
for each statement execute function refuse_change();
create trigger invoice_line_immutable before update or delete or truncate on invoice_line
for each statement execute function refuse_change();

create function guard_counter() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or new.last <> old.last + 1 or new.kind <> old.kind or new.prefix <> old.prefix then
    raise exception 'invoice_counter only counts on' using errcode = 'SM404';
  end if;
  return new;
end
$$;
create trigger counter_counts_on before update or delete on invoice_counter
for each row execute function guard_counter();

-- At the commit a number without its invoice would be a gap, and lines must add up to their invoice.
create function check_issued() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if not exists (select from invoice as i where i.kind = new.kind and i.sequence = new.last) then
    raise exception 'number % was counted without an invoice', new.last using errcode = 'SM404';
  end if;
  if exists (
    select from invoice as i
    where
      i.kind = new.kind and i.sequence = new.last
      and i.net <> (select coalesce(sum(l.net), 0) from invoice_line as l where l.invoice_id = i.invoice_id)
  ) then
    raise exception 'the lines of number % do not add up', new.last using errcode = 'SM404';
  end if;
  return null;
end
$$;
create constraint trigger counter_without_gap after update on invoice_counter
deferrable initially deferred for each row execute function check_issued();

create table rerating (
  rerating_id bigint generated always as identity primary key,
  since date not null,
  until date not null check (until >= since),
  tariff text,
  actor text not null,
  tickets bigint not null,
  changed bigint not null,
  before jsonb not null,
  after jsonb not null,
  at timestamptz not null default now()
);
comment on table rerating is 'Each re-rating: calls from since to until (both included), under the versions that counted at that instant.';
comment on column rerating.before is 'The sum of the costs, by currency.';

create table rerating_difference (
  rerating_id bigint not null references rerating,
  ticket_id bigint not null,
  old_tariff_id bigint,
  old_cost numeric,
  old_reason text,
  old_explanation jsonb,
  new_tariff_id bigint not null,
  new_cost numeric,
  new_reason text,
  primary key (rerating_id, ticket_id)
);
comment on table rerating_difference is 'What a re-rating changed, a row per call: the word before it is kept whole.';
create trigger rerating_immutable before update or delete or truncate on rerating_difference
for each statement execute function refuse_change();

-- Most prices follow from a rate and a number of seconds: these are kept instead of a document each.
alter table rated_ticket alter column explanation drop not null;
alter table rated_ticket add column rate_index smallint;
alter table rated_ticket add column charged integer;
alter table rated_ticket add column next_index smallint;
alter table rated_ticket add column next_charged integer;
comment on column rated_ticket.explanation is 'The pieces of a price that does not follow from rate_index and charged; v_rating has the pieces of all.';
comment on column rated_ticket.rate_index is 'The rate in force at set-up: its place in the tariff, from 0.';
comment on column rated_ticket.charged is 'Seconds charged at it; -1 for a call of 0 s.';
comment on column rated_ticket.next_index is 'The rate that the call went on at, with the seconds charged at that one.';
-- Nothing looks for the prices of one version.
drop index rated_ticket_tariff;

grant select, insert, update on client_identity to smsswitch_app;
grant select, update on invoice_counter to smsswitch_app;
grant select, insert on invoice, invoice_line, rerating, rerating_difference to smsswitch_app;
grant select on client_identity, invoice, invoice_line, rerating, rerating_difference to smsswitch_reader;
