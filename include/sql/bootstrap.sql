-- Roles and the table of migrations: what must be there before the first migration can run as the
-- owner. Roles belong to the whole cluster, so each is made only where it is missing.
do $$
declare
  wanted text;
begin
  -- Two databases of one cluster may be migrated at the same time.
  perform pg_advisory_xact_lock(7226002);
  foreach wanted in array array[
    'smsswitch_owner', 'smsswitch_app', 'smsswitch_reader', 'smsswitch_taxation',
    'smsswitch_unmask', 'smsswitch_auditor', 'modem_host'
  ] loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
      execute format('create role %I nologin', wanted);
    end if;
    if not pg_catalog.pg_has_role(current_user, wanted, 'member') then
      execute format('grant %I to %I', wanted, current_user);
    end if;
  end loop;
  -- The owner makes and locks the hosts' login roles, through one function only.
  if not (select rolcreaterole from pg_catalog.pg_roles where rolname = 'smsswitch_owner') then
    alter role smsswitch_owner createrole;
  end if;
  if not exists (
    select from pg_catalog.pg_auth_members
    where roleid = 'modem_host'::regrole and member = 'smsswitch_owner'::regrole and admin_option
  ) then
    grant modem_host to smsswitch_owner with admin option;
  end if;
  if not pg_catalog.pg_has_role('smsswitch_owner', 'smsswitch_taxation', 'member') then
    grant smsswitch_taxation to smsswitch_owner;
  end if;
  execute format('grant create, connect, temporary on database %I to smsswitch_owner', current_database());
  execute format('revoke temporary on database %I from public', current_database());
  execute format('grant temporary on database %I to smsswitch_app, smsswitch_taxation', current_database());
end
$$;

-- A modem host could hold locks that others wait for, or fill the disk with large objects.
do $$
declare
  routine regprocedure;
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    return;
  end if;
  for routine in
    select p.oid::regprocedure from pg_catalog.pg_proc as p
    where
      p.pronamespace = 'pg_catalog'::regnamespace
      and p.proname ~ '^(pg_(try_)?advisory_|lo_(creat|from_bytea|import|put|export)|lowrite)'
  loop
    execute format('revoke execute on function %s from public', routine);
    if routine::text ~ 'advisory' then
      execute format(
        'grant execute on function %s to smsswitch_owner, smsswitch_app, smsswitch_taxation', routine
      );
    end if;
  end loop;
end
$$;

grant usage, create on schema public to smsswitch_owner, smsswitch_taxation;
-- Not even its functions: a modem host has schema api only.
revoke all on schema public from public;
grant usage on schema public to
smsswitch_app, smsswitch_reader, smsswitch_taxation, smsswitch_unmask, smsswitch_auditor;

set local role smsswitch_owner;
create table if not exists schema_migration (
  name text primary key,
  digest text not null,
  applied_at timestamptz not null default now()
);
