-- Hosts listen on one channel per group; the payload is empty, since any role may listen anywhere.
create or replace function public.host_channel(group_id bigint) returns text
language sql immutable set search_path = '' as $$
  select 'smsswitch_group_' || group_id
$$;

create or replace function public.wake_group(group_id bigint) returns void
language sql set search_path = '' as $$
  select pg_catalog.pg_notify(public.host_channel(group_id), '')
$$;
comment on function public.wake_group(bigint) is
'Has a group''s host ask at once for work and revocations. New batches, and changes of the state of a group, campaign or batch, do it by themselves.';

create or replace function public.wake_by_batches() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform public.wake_group(w.group_id)
  from (select distinct changed.group_id from changed where changed.state in ('planned', 'leased')) as w;
  return null;
end
$$;
create or replace trigger wake_by_batches after insert on public.send_batch
referencing new table as changed for each statement execute function public.wake_by_batches();

create or replace function public.wake_by_one_batch() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform public.wake_group(new.group_id);
  return null;
end
$$;
create or replace trigger wake_by_one_batch after update on public.send_batch for each row
when (new.revoked and not old.revoked or new.state in ('planned', 'condemned') and old.state = 'leased')
execute function public.wake_by_one_batch();

create or replace function public.wake_by_campaign() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform public.wake_group(w.group_id)
  from (
    select distinct b.group_id from public.send_batch as b
    where b.campaign_id = new.campaign_id and b.state in ('planned', 'leased')
  ) as w;
  return null;
end
$$;
create or replace trigger wake_by_campaign after update on public.campaign for each row
when (new.state <> old.state) execute function public.wake_by_campaign();

create or replace function public.wake_by_group() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform public.wake_group(new.group_id);
  return null;
end
$$;
create or replace trigger wake_by_group after update on public.modem_group for each row
when (new.state <> old.state or new.wake_at is distinct from old.wake_at)
execute function public.wake_by_group();
