-- Prices: tariffs by version, VAT by date, and what each call costs under which version.
create table tariff (
  tariff_id bigint generated always as identity primary key,
  code text not null check (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  valid_from date not null,
  version integer not null check (version > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  document jsonb not null,
  sha256 text not null,
  loaded_at timestamptz not null default now(),
  unique (code, valid_from, version),
  unique (code, sha256)
);
comment on table tariff is 'Tariff files as they were loaded, never changed. On a date the one with the latest valid_from counts, of those the highest version.';

create table rated_ticket (
  ticket_id bigint not null,
  tariff_id bigint not null,
  cost numeric,
  currency text not null,
  rated boolean generated always as (cost is not null) stored,
  reason text,
  explanation jsonb not null,
  superseded boolean not null default false,
  rated_at timestamptz not null default now(),
  primary key (ticket_id, tariff_id),
  check ((cost is null) = (reason is not null))
);
comment on table rated_ticket is 'What a ticket costs under a version of a tariff, or why it has no price. Older versions'' rows stay, superseded.';
comment on column rated_ticket.ticket_id is 'Of taxdata. No foreign keys: checking them a million times takes longer than the rating.';
comment on column rated_ticket.tariff_id is 'Of tariff, whose rows never go.';
comment on column rated_ticket.explanation is 'The rate at set-up, its fee, and the pieces: rate, seconds, price, amount.';
create index rated_ticket_tariff on rated_ticket (tariff_id) where not superseded;

create table vat_rate (
  valid_from date primary key,
  percent numeric(5, 2) not null check (percent between 0 and 100)
);
comment on table vat_rate is 'VAT of France (CGI art. 278): the percentage in force from a date on.';
insert into vat_rate (valid_from, percent) values ('2000-04-01', 19.6), ('2014-01-01', 20);

grant select, insert on tariff to smsswitch_app;
grant select, insert, update, delete on rated_ticket to smsswitch_app;
grant select on tariff, rated_ticket to smsswitch_taxation;
grant select on tariff, rated_ticket, vat_rate to smsswitch_reader;
grant select, insert on vat_rate to smsswitch_app;
