-- Operations: what administrators set, what was told to whom about alerts, how old data goes.
create table setting (
  area text primary key check (area in ('company', 'alerts', 'limits', 'groups', 'retention')),
  document jsonb not null,
  applied_by text not null,
  applied_at timestamptz not null default now()
);
comment on table setting is 'What settings_apply last took of its file, an area a row; an area without a row has the defaults of the product.';

create table alert_delivery (
  delivery_id bigint generated always as identity primary key,
  alert_id bigint not null references alert on delete cascade,
  news text not null check (news in ('raised', 'over')),
  receiver text not null,
  language text not null check (language in ('fr', 'en')),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  last_error text,
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  unique (alert_id, news, receiver)
);
create index alert_delivery_waiting on alert_delivery (receiver, delivery_id) where sent_at is null;
comment on table alert_delivery is 'Each news of an alert for each receiver, once; it waits here until a mail server or a webhook has taken it.';
comment on column alert_delivery.receiver is 'A mail address, or the http(s) address of a webhook.';
comment on column alert_delivery.last_error is 'Why the last attempt failed; the next one is at next_at.';

-- Two writers at once drew their numbers before they waited for each other, so that the chain and the
-- numbers could run in different orders. The number is now drawn behind the lock.
create or replace function chain_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  previous bytea;
begin
  perform pg_advisory_xact_lock(7226003);
  new.entry_id := nextval(pg_get_serial_sequence('public.audit_entry', 'entry_id'));
  select hash into previous from audit_entry order by entry_id desc limit 1;
  new.hash := sha256(coalesce(previous, '') || convert_to(
    concat_ws('|', new.entry_id, extract(epoch from new.at), new.actor, new.action, new.subject, new.detail), 'UTF8'
  ));
  return new;
end
$$;

create index audit_entry_once on audit_entry ((detail ->> 'once')) where detail ? 'once';

create table campaign_archive (
  campaign_id bigint not null references campaign,
  state message_state not null,
  reason text,
  messages bigint not null,
  segments bigint not null,
  price numeric not null
);
create index campaign_archive_campaign on campaign_archive (campaign_id);
comment on table campaign_archive is 'What became of the messages of months that retention has dropped: numbers only, no person.';

create or replace view campaign_count as
select campaign_id, state, reason, count(*) as messages, sum(segments) as segments, sum(price) as price
from message
group by campaign_id, state, reason
union all
select campaign_id, state, reason, messages, segments, price
from campaign_archive;

-- Owner's rights: the pipelines may not drop tables by themselves, and these only when nothing of the
-- month is open any more.
create function drop_message_partitions(month date) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  parent text;
  child text;
  gone bigint;
begin
  if month <> pg_catalog.date_trunc('month', month) or month > pg_catalog.now() - interval '2 months' then
    raise exception '% is not the first day of a month that is over', month using errcode = '22023';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(7226004);
  if exists (
    select from public.message as m
    where m.activation_month = month and (not m.settled or m.state in ('planned', 'leased', 'uncertain'))
  ) then
    raise exception 'messages of % are still open', month using errcode = '55006';
  end if;
  insert into public.campaign_archive (campaign_id, state, reason, messages, segments, price)
  select m.campaign_id, m.state, m.reason, pg_catalog.count(*), pg_catalog.sum(m.segments), pg_catalog.sum(m.price)
  from public.message as m
  where m.activation_month = month
  group by m.campaign_id, m.state, m.reason;
  select pg_catalog.count(*) into gone from public.message as m where m.activation_month = month;
  delete from public.send_batch as b where b.activation_month = month;
  foreach parent in array array['attempt', 'segment', 'message'] loop
    child := pg_catalog.format('%s_%s', parent, pg_catalog.to_char(month, 'YYYYMM'));
    execute pg_catalog.format('drop table if exists public.%I', child);
  end loop;
  return gone;
end
$$;
comment on function drop_message_partitions(date) is 'Drops the messages of one month, keeps their counts in campaign_archive; how many messages went.';
revoke all on function drop_message_partitions(date) from public;
grant execute on function drop_message_partitions(date) to smsswitch_app;

create table work_time (
  work text primary key,
  runs bigint not null default 1,
  seconds_total numeric not null,
  last_seconds numeric not null,
  last_at timestamptz not null
);
comment on table work_time is 'How long recurring work takes, for the metrics: rollup, expand, …';

create table modem_month (
  group_id bigint not null,
  imei text not null,
  activation_month date not null,
  sent bigint not null,
  delivered bigint not null,
  failed bigint not null,
  uncertain bigint not null,
  primary key (group_id, imei, activation_month)
);
comment on table modem_month is 'Segments of each modem by month of activation: the roll-up counts only the month at hand again, and dropped months stay in a modem''s totals.';
insert into modem_month (group_id, imei, activation_month, sent, delivered, failed, uncertain)
select
  group_id,
  imei,
  activation_month,
  count(*) filter (where state in ('sent', 'delivered', 'undelivered')),
  count(*) filter (where state = 'delivered'),
  count(*) filter (where state = 'failed'),
  count(*) filter (where state = 'uncertain')
from segment
where imei is not null
group by group_id, imei, activation_month;
-- Asked for every minute, and hardly ever there.
create index message_uncertain on message (campaign_id) where state = 'uncertain';

grant select, insert, update on modem_month to smsswitch_app;
grant select on modem_month to smsswitch_reader;
grant select, insert, update on work_time to smsswitch_app;
grant select, insert, update on setting to smsswitch_app;
grant select, insert, update, delete on alert_delivery to smsswitch_app;
grant select on campaign_archive to smsswitch_app;
grant delete on alert, inbound_message, treatment_run to smsswitch_app;
grant select, update, delete on taxdata to smsswitch_taxation;
grant delete on rated_ticket to smsswitch_taxation;
grant update on rejected_ticket to smsswitch_taxation;
grant select on setting, alert_delivery, campaign_archive to smsswitch_reader;

comment on table contact is 'A person in a contact list: a number, and what a text may say of its owner.';
comment on table contact_list is 'A client''s list of people, the 2012 « base »: named when it is dropped, written to by campaigns.';
comment on table campaign is 'A text for the people of a list, from its file to its end.';
comment on table quote is 'What a campaign would cost as it stands in its file; good for a week.';
comment on table send_batch is 'Messages of one campaign for one group: planned, claimed by its host under a lease, reported.';
comment on table modem is 'A GSM modem as its host last told it, with counts that the roll-up keeps.';
comment on table inbound_message is 'What people wrote back to a modem.';
comment on table call_type is 'The kinds of calls by the number that a ticket gives, and their direction.';
comment on table treatment_run is 'Each time an analysis was made: by what, with which parameters, how long it took.';
comment on table schema_migration is 'Which migrations have run, and the digest each had then.';
