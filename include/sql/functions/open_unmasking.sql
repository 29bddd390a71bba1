-- Whole numbers of outside parties: for members of smsswitch_unmask who said why, each time audited.
create or replace function open_unmasking(reason text, actor text default null) returns timestamptz
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  closes timestamptz := now() + interval '15 minutes';
  who text := 'db:' || session_user;
begin
  if length(btrim(coalesce(reason, ''))) < 3 then
    raise exception 'say why whole numbers are needed' using errcode = 'SM403';
  end if;
  -- The centre's own login acts for the person it names; anybody else is whom they logged in as.
  if actor is not null and pg_has_role(session_user, 'smsswitch_app', 'member') then
    who := actor;
  end if;
  insert into unmask_grant (login, reason, until) values (session_user, reason, closes);
  insert into audit_entry (actor, action, subject, detail)
  values (who, 'unmask', 'tickets', jsonb_build_object('reason', reason, 'until', closes));
  return closes;
end
$$;
comment on function open_unmasking is 'Opens schema unmasked to this login for 15 minutes, from the commit on; written down in audit_entry.';

create or replace function unmasking_open() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
  if exists (
    select from unmask_grant
    where
      login = session_user and until > now()
      and transaction_id is distinct from pg_current_xact_id_if_assigned()
  ) then
    return true;
  end if;
  raise exception 'whole numbers are closed: call open_unmasking(reason) and commit first' using errcode = 'SM403';
end
$$;
revoke execute on function open_unmasking, unmasking_open from public;
grant execute on function open_unmasking to smsswitch_unmask, smsswitch_app;
grant execute on function unmasking_open to smsswitch_unmask, smsswitch_taxation, smsswitch_app;
