-- The only way to a host's LOGIN role. Roles belong to the cluster, so the name carries the
-- database's oid. Called again, it gives the same role a new password: the old one is void.
create or replace function public.make_host_login(
  mac macaddr, out host_role name, out password text
)
language plpgsql security definer set search_path = '' as $$
declare
  base oid := (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database());
  setting text[];
begin
  if mac is null then
    raise exception 'mac is missing' using errcode = '22023';
  end if;
  host_role := pg_catalog.format('host_%s_%s', pg_catalog.replace(mac::text, ':', ''), base);
  password := pg_catalog.replace(
    pg_catalog.gen_random_uuid()::text || pg_catalog.gen_random_uuid()::text, '-', ''
  );
  perform pg_catalog.pg_advisory_xact_lock(7226005);
  if not exists (select from pg_catalog.pg_roles where rolname = host_role) then
    execute pg_catalog.format('create role %I', host_role);
  end if;
  -- Also for a role that was there: `drop owned by smsswitch_owner` takes memberships away.
  execute pg_catalog.format('grant modem_host to %I', host_role);
  -- To be allowed to end its sessions, see disable_host_login.
  execute pg_catalog.format('grant %I to smsswitch_owner', host_role);
  execute pg_catalog.format(
    'alter role %I login inherit connection limit 4 password %L',
    host_role, password
  );
  foreach setting slice 1 in array array[
    array['search_path', ''], array['statement_timeout', '20s'], array['lock_timeout', '10s'],
    array['idle_in_transaction_session_timeout', '20s'], array['idle_session_timeout', '10min']
  ] loop
    execute pg_catalog.format('alter role %I set %I = %L', host_role, setting[1], setting[2]);
  end loop;
end
$$;
comment on function public.make_host_login(macaddr) is
'Makes the LOGIN role of a group''s host, or gives it a new password. The caller writes host_role into modem_group.';
revoke all on function public.make_host_login(macaddr) from public;
grant execute on function public.make_host_login(macaddr) to smsswitch_app;

-- Shuts a host out at once: no login, no session, no epoch.
create or replace function public.disable_host_login(host_role name) returns void
language plpgsql security definer set search_path = '' as $$
declare
  wanted name := host_role;
begin
  update public.modem_group as g set epoch = g.epoch + 1 where g.host_role = wanted;
  if not found then
    raise exception 'no group has the role %', wanted using errcode = 'P0002';
  end if;
  execute pg_catalog.format('alter role %I nologin', wanted);
  perform pg_catalog.pg_terminate_backend(a.pid)
  from pg_catalog.pg_stat_activity as a where a.usename = wanted;
end
$$;
revoke all on function public.disable_host_login(name) from public;
grant execute on function public.disable_host_login(name) to smsswitch_app;
