-- The partitions that come and go with time: tickets with their prices, the history of the signal, messages.
-- Owner's rights: who loads, reports or lets go may not make or drop tables by itself. A partition is made beside
-- its table and then attached, which holds up nobody who reads or writes. To drop one is to wait for all of them,
-- and whoever comes next waits behind: not for long, then it is given up (55P03) and may be tried again.
create or replace function lock_to_drop(variadic tables text[]) returns void
language plpgsql set search_path = '' set lock_timeout = '800ms' as $$
declare
  until constant timestamptz := pg_catalog.clock_timestamp() + interval '1600 milliseconds';
  each text;
begin
  foreach each in array tables loop
    loop
      begin
        -- Who holds one table is never in a queue for the next: of two who wait for each other, PostgreSQL ends
        -- the one who began first, and that may be a reader.
        execute format(
          'lock table public.%I in access exclusive mode %s', each, case when each <> tables[1] then 'nowait' end
        );
        exit;
      exception when lock_not_available then
        if each = tables[1] or pg_catalog.clock_timestamp() > until then
          raise;
        end if;
        perform pg_catalog.pg_sleep(0.01);
      end;
    end loop;
  end loop;
end
$$;
revoke all on function lock_to_drop(text[]) from public;

create or replace function attach_partition(parent text, child text, lowest text, below text, told text)
returns void
language plpgsql set search_path = '' as $$
begin
  execute format('create table public.%I (like public.%I including all)', child, parent);
  execute format(
    'alter table public.%I owner to %s', child,
    (select c.relowner::regrole from pg_catalog.pg_class as c where c.oid = format('public.%I', parent)::regclass)
  );
  execute format('comment on table public.%I is %L', child, told);
  execute format(
    'alter table public.%I attach partition public.%I for values from (%L) to (%L)', parent, child, lowest, below
  );
end
$$;
revoke all on function attach_partition(text, text, text, text, text) from public;

-- The partitions for tickets of a file, which may have been there once and dropped: what was set aside long ago
-- may be read again.
create or replace function ensure_ticket_block(file bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
  block public.ticket_block;
  parent text;
  child text;
begin
  select b.* into strict block
  from public.ticket_block as b
  where b.first_file <= file
  order by b.first_file desc
  limit 1;
  foreach parent in array array['taxdata', 'rated_ticket'] loop
    child := format('%s_%s', parent, block.first_file / 1000000);
    continue when pg_catalog.to_regclass('public.' || child) is not null;
    perform pg_catalog.pg_advisory_xact_lock(7226010);
    lock table public.taxdata in share update exclusive mode; -- the name is looked up anew behind it
    if pg_catalog.to_regclass('public.' || child) is null then
      perform public.attach_partition(
        parent, child, (block.first_file * 100000000)::text, (block.until_file * 100000000)::text,
        format('Of the files first read in %s.', to_char(block.month, 'YYYY-MM'))
      );
    end if;
  end loop;
end
$$;
comment on function ensure_ticket_block(bigint) is 'Makes sure that tickets of this file, and their prices, have a place.';
revoke all on function ensure_ticket_block(bigint) from public;
grant execute on function ensure_ticket_block(bigint) to smsswitch_taxation;

-- The numbers of files go on at the next million when a month begins (UTC), or when so many have been given out.
create or replace function open_ticket_month() returns void
language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
declare
  room constant bigint := 1000; -- more than one transaction takes
  this_month constant date := pg_catalog.date_trunc('month', pg_catalog.now() at time zone 'UTC');
  newest public.ticket_block;
  next_file bigint;
  first bigint;
begin
  select b.* into strict newest from public.ticket_block as b order by b.first_file desc limit 1;
  select s.last_value + 1 into next_file from public.spooled_file_file_id_seq as s;
  if newest.month >= this_month and next_file + room <= newest.until_file then
    return;
  end if;
  perform pg_catalog.pg_advisory_xact_lock(7226010);
  if next_file + room <= newest.until_file
    and not exists (select from public.spooled_file as f where f.file_id >= newest.first_file)
  then
    update public.ticket_block set month = this_month where first_file = newest.first_file;
    return;
  end if;
  first := greatest(newest.until_file, next_file / 1000000 * 1000000);
  if next_file + room > first + 1000000 then
    first := first + 1000000;
  end if;
  insert into public.ticket_block (first_file, until_file, month)
  values (first, first + 1000000, greatest(this_month, newest.month));
  perform pg_catalog.setval('public.spooled_file_file_id_seq', greatest(first, next_file), false);
  perform public.ensure_ticket_block(first);
end
$$;
comment on function open_ticket_month() is 'Makes sure that new files get numbers, and their tickets a partition, of this month.';
revoke all on function open_ticket_month() from public;
grant execute on function open_ticket_month() to smsswitch_taxation;

-- A file's tickets may go when the month in which it was read last is wholly older than the limit.
create or replace function drop_ticket_block(block bigint, before timestamptz) returns bigint
language plpgsql security definer set search_path = '' set timezone = 'UTC' set lock_timeout = '800ms' as $$
declare
  number constant bigint := block / 1000000;
  lowest bigint;
  highest bigint;
  gone bigint;
begin
  perform pg_catalog.pg_advisory_xact_lock(7226010);
  select b.first_file * 100000000, b.until_file * 100000000 - 1 into strict lowest, highest
  from public.ticket_block as b where b.first_file = block;
  if pg_catalog.to_regclass('public.taxdata_' || number) is null then
    return 0;
  end if;
  if exists (
    select from public.spooled_file as f
    where
      f.file_id between lowest / 100000000 and highest / 100000000 and f.state = 'loaded'
      and pg_catalog.date_trunc('month', f.processed_at, 'UTC') + interval '1 month' > before
  ) then
    raise exception 'files of partition % were read since %', number, before using errcode = '55006';
  end if;
  select pg_catalog.count(*) into gone from public.taxdata as t where t.ticket_id between lowest and highest;
  perform public.lock_to_drop('rated_ticket', 'taxdata', 'duplicate_ticket');
  delete from public.rejected_ticket as r
  where r.file_id between lowest / 100000000 and highest / 100000000;
  delete from public.duplicate_ticket as d where d.ticket_id between lowest and highest;
  execute format('alter table public.taxdata detach partition public.%I', 'taxdata_' || number);
  execute format('drop table public.%I', 'taxdata_' || number);
  execute format('drop table if exists public.%I', 'rated_ticket_' || number);
  if not exists (select from public.ticket_block as b where b.first_file > block) then
    perform public.ensure_ticket_block(block);
  end if;
  return gone;
end
$$;
comment on function drop_ticket_block(bigint, timestamptz) is 'Drops the tickets of one partition with their prices, if all were read in months that are wholly older; how many went.';
revoke all on function drop_ticket_block(bigint, timestamptz) from public;
grant execute on function drop_ticket_block(bigint, timestamptz) to smsswitch_taxation;

-- This month's and the next one's. A row for a month before the first of them has its place too.
create or replace function ensure_sample_months(at timestamptz) returns void
language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
declare
  month timestamptz := pg_catalog.date_trunc('month', at, 'UTC');
  ahead constant timestamptz := month + interval '1 month';
  child text;
begin
  while month <= ahead loop
    child := 'modem_sample_' || to_char(month at time zone 'UTC', 'YYYYMM');
    if pg_catalog.to_regclass('public.' || child) is null and month >= public.sample_months_since() then
      -- One at a time; and a name is looked up anew behind the lock of a table, not behind an advisory one.
      lock table public.modem_sample in share update exclusive mode;
      if pg_catalog.to_regclass('public.' || child) is null then
        perform public.attach_partition(
          'modem_sample', child, month::text, (month + interval '1 month')::text,
          format('Of %s.', to_char(month at time zone 'UTC', 'YYYY-MM'))
        );
      end if;
    end if;
    month := month + interval '1 month';
  end loop;
end
$$;
comment on function ensure_sample_months(timestamptz) is 'Makes sure that samples of this month and the next have a place.';
revoke all on function ensure_sample_months(timestamptz) from public;
grant execute on function ensure_sample_months(timestamptz) to smsswitch_app;

create or replace function sample_months_since() returns timestamptz
language sql stable set search_path = '' set timezone = 'UTC' as $$
  select substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz
  from pg_catalog.pg_class as c
  where c.oid = 'public.modem_sample_earlier'::regclass
$$;
comment on function sample_months_since() is 'From when on samples are in partitions of a month.';

-- The first partition stays, to take what comes late; it is emptied once nothing of it is newer than the limit.
create or replace function purge_earlier_samples(before timestamptz) returns bigint
language plpgsql security definer set search_path = '' set timezone = 'UTC' set lock_timeout = '800ms' as $$
declare
  gone bigint;
begin
  if public.sample_months_since() > before then
    delete from public.modem_sample_earlier as s where s.at < before;
    get diagnostics gone = row_count;
  else
    select pg_catalog.count(*) into gone from public.modem_sample_earlier;
    if gone > 0 then
      truncate public.modem_sample_earlier;
    end if;
  end if;
  return gone;
end
$$;
comment on function purge_earlier_samples(timestamptz) is 'Takes away what is older of the samples that are in no partition of a month; how many went.';
revoke all on function purge_earlier_samples(timestamptz) from public;
grant execute on function purge_earlier_samples(timestamptz) to smsswitch_app;

create or replace function drop_sample_month(month date) returns bigint
language plpgsql security definer set search_path = '' set timezone = 'UTC' set lock_timeout = '800ms' as $$
declare
  child constant text := 'modem_sample_' || to_char(month, 'YYYYMM');
  gone bigint;
begin
  perform pg_catalog.pg_advisory_xact_lock(7226012);
  lock table public.modem_sample in access share mode; -- the name is looked up behind it
  if pg_catalog.to_regclass('public.' || child) is null then
    return 0;
  end if;
  execute format('select count(*) from public.%I', child) into gone;
  perform public.lock_to_drop('modem_sample');
  execute format('drop table public.%I', child);
  return gone;
end
$$;
comment on function drop_sample_month(date) is 'Drops the samples of one month; how many went.';
revoke all on function drop_sample_month(date) from public;
grant execute on function drop_sample_month(date) to smsswitch_app;

-- As migration 0011 made it, but the tables are locked together and not for long; hosts write to them.
create or replace function drop_message_partitions(month date) returns bigint
language plpgsql security definer set search_path = '' set lock_timeout = '800ms' as $$
declare
  parent text;
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
  perform public.lock_to_drop('message', 'segment', 'attempt');
  delete from public.send_batch as b where b.activation_month = month;
  foreach parent in array array['attempt', 'segment', 'message'] loop
    execute pg_catalog.format('drop table if exists public.%I', parent || '_' || to_char(month, 'YYYYMM'));
  end loop;
  return gone;
end
$$;

-- As migration 0004 made it, but without holding up hosts until the transaction ends that opens the month.
create or replace function ensure_message_partitions(month date) returns void
language plpgsql security definer set search_path = '' as $$
declare
  parent text;
  child text;
begin
  if month <> date_trunc('month', month) then
    raise exception '% is not the first day of a month', month using errcode = '22023';
  end if;
  foreach parent in array array['message', 'segment', 'attempt'] loop
    child := pg_catalog.format('%s_%s', parent, pg_catalog.to_char(month, 'YYYYMM'));
    continue when pg_catalog.to_regclass('public.' || child) is not null;
    perform pg_catalog.pg_advisory_xact_lock(7226004);
    execute pg_catalog.format('lock table public.%I in share update exclusive mode', parent);
    if pg_catalog.to_regclass('public.' || child) is null then
      perform public.attach_partition(
        parent, child, month::text, (month + interval '1 month')::date::text,
        pg_catalog.format('Of the campaigns activated in %s.', to_char(month, 'YYYY-MM'))
      );
    end if;
  end loop;
end
$$;
