-- Tickets, their prices and the history of the signal in partitions, so that what is old is dropped as a whole.
-- What is stored already becomes the first partition as it lies: nothing is copied.

-- A view follows its table, not the name; all of these are made again by the functions' files.
drop view if exists unmasked.v_ticket;
drop view if exists v_ticket;
drop view if exists v_ticket_full;
drop view if exists v_rating;

create table ticket_block (
  first_file bigint primary key check (first_file % 1000000 = 0),
  until_file bigint not null check (until_file > first_file and until_file % 1000000 = 0),
  month date not null check (month = date_trunc('month', month))
);
comment on table ticket_block is 'The partitions of taxdata and rated_ticket: the tickets of the files first_file to below until_file are in those named after first_file / 1000000. A month of loading begins a new one, and the numbers of its files with it. Retention drops one when all its files were read in months that are wholly older than the limit. Row by row go only tickets that a mixed partition would keep too long: where some of its files were read again since, and in the first one, which may have many months from before there were partitions.';
comment on column ticket_block.month is 'In which its files were first read (UTC); of the first partition of a database that was there before, the last of its months.';

-- Partitions by number of file, which every key of a ticket begins with: keys, the foreign key and the checks
-- stay as they are. By the time of a call they could not: it is in a column that layouts bring and convert.
alter table duplicate_ticket drop constraint duplicate_ticket_ticket_id_fkey;

alter table taxdata rename to taxdata_0;
alter index taxdata_pkey rename to taxdata_0_pkey;
alter index taxdata_content rename to taxdata_0_content_digest_idx;
create table taxdata (like taxdata_0 including all) partition by range (ticket_id);
alter index taxdata_content_digest_idx rename to taxdata_content;
alter table taxdata owner to smsswitch_taxation;
comment on table taxdata is 'The tickets. Starts with where each comes from; layouts add and widen the columns. Only smsswitch_taxation alters it. Partitions: ticket_block.';

alter table rated_ticket rename to rated_ticket_0;
alter index rated_ticket_pkey rename to rated_ticket_0_pkey;
create table rated_ticket (like rated_ticket_0 including all) partition by range (ticket_id);
comment on table rated_ticket is 'What a ticket costs under a version of a tariff, or why it has no price. Older versions'' rows stay, superseded. A ticket''s prices go with it: partitions as those of taxdata.';

do $$
declare
  until bigint;
begin
  select (greatest(max(n), 0) / 1000000 + 1) * 1000000 into until
  from (
    select max(file_id) as n from spooled_file
    union all
    select max(file_id) from taxdata_0
    union all
    select max(ticket_id) / 100000000 from rated_ticket_0
  ) as used;
  insert into ticket_block (first_file, until_file, month)
  select 0, until, date_trunc('month', coalesce(max(processed_at), now()) at time zone 'UTC')
  from spooled_file;
  execute format('alter table taxdata attach partition taxdata_0 for values from (0) to (%s)', until * 100000000);
  execute format(
    'alter table rated_ticket attach partition rated_ticket_0 for values from (0) to (%s)', until * 100000000
  );
end
$$;
comment on table taxdata_0 is 'Tickets of the files 0 to below the first of the next partition.';
comment on table rated_ticket_0 is 'Their prices.';

alter table duplicate_ticket add constraint duplicate_ticket_ticket_id_fkey
foreign key (ticket_id) references taxdata on delete cascade;

-- By month, as messages are; there is no place for rows of any month, which would stand in the way of that
-- month's partition. What was there before, and what comes late for a month before these, is in the first.
alter table modem_sample rename to modem_sample_earlier;
alter index modem_sample_pkey rename to modem_sample_earlier_pkey;
create table modem_sample (like modem_sample_earlier including all) partition by range (at);
comment on table modem_sample is 'Signal history, at most one a minute per modem. Partitions: a month each (UTC).';
do $$
declare
  newest timestamptz;
  until timestamptz := '2026-01-01 00:00+00';
begin
  select max(at) into newest from modem_sample_earlier;
  if newest is not null then
    until := date_trunc('month', greatest(newest, now()), 'UTC') + interval '1 month';
  end if;
  execute format(
    'alter table modem_sample attach partition modem_sample_earlier for values from (minvalue) to (%L)', until
  );
end
$$;
comment on table modem_sample_earlier is 'What was read before the first of the months, or came late for one that has gone.';

-- Whoever may read or write does it by the parent.
revoke all on taxdata_0, rated_ticket_0, modem_sample_earlier from smsswitch_app, smsswitch_reader;
revoke all on rated_ticket_0 from smsswitch_taxation;
grant select on taxdata to smsswitch_app;
grant select, insert, update, delete on rated_ticket to smsswitch_app;
grant select on rated_ticket to smsswitch_taxation, smsswitch_reader;
grant delete on rated_ticket to smsswitch_taxation;
grant select, insert, delete on modem_sample to smsswitch_app;
grant select on modem_sample to smsswitch_reader;
grant select on ticket_block to smsswitch_taxation, smsswitch_app, smsswitch_reader;
