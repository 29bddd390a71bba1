-- After a restore the centre believes that what was sent since the backup is still to be sent. So all
-- claims stop until every host has said what its journal knows, or was written off by a person.

-- What changes when this database is another one than before: server, timeline, or copy. Private.
create or replace function public.centre_identity() returns text
language sql stable security definer set search_path = '' as $$
  select concat_ws(
    '/',
    (select s.system_identifier from pg_catalog.pg_control_system() as s),
    (select c.timeline_id from pg_catalog.pg_control_checkpoint() as c),
    (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database())
  )
$$;
revoke all on function public.centre_identity() from public;

-- Stops all claims. Batches that were planned are taken apart, and numbers jump, so that nothing new
-- is called by a name that a host's journal knows from after the backup.
create or replace function public.raise_fence() returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.restore_fence as f (identity, fenced_at)
  values (public.centre_identity(), clock_timestamp())
  on conflict (one) do update set identity = excluded.identity, fenced_at = excluded.fenced_at;
  update public.modem_group as g set to_reconcile = true, epoch = g.epoch + 1000
  where g.deleted_at is null;
  update public.message as m set batch_id = null, first_seq = null
  from public.send_batch as b
  where
    b.state = 'planned' and m.activation_month = b.activation_month and m.batch_id = b.batch_id
    and m.state = 'planned';
  update public.send_batch as b set state = 'returned', done_at = now() where b.state = 'planned';
  perform pg_catalog.setval('public.message_id_seq', nextval('public.message_id_seq') + 10000000);
  perform pg_catalog.setval(s.name, nextval(s.name) + 1000000)
  from (select pg_catalog.pg_get_serial_sequence('public.send_batch', 'batch_id')) as s (name);
  perform public.lift_fence();
end
$$;
revoke all on function public.raise_fence() from public;
grant execute on function public.raise_fence() to smsswitch_app;

-- Lets claims go on once no group is left to be heard. Private.
create or replace function public.lift_fence() returns void
language sql security definer set search_path = '' as $$
  update public.restore_fence as f set fenced_at = null
  where
    f.fenced_at is not null
    and not exists (
      select from public.modem_group as g where g.to_reconcile and g.deleted_at is null
    )
$$;
revoke all on function public.lift_fence() from public;

-- Whether claims are stopped; notices a restore by itself. Private.
create or replace function public.is_fenced() returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  here text := public.centre_identity();
  fence public.restore_fence;
begin
  select * into fence from public.restore_fence;
  if not found then
    insert into public.restore_fence (identity) values (here) on conflict do nothing;
    return false;
  end if;
  if fence.identity <> here then
    perform public.raise_fence();
    select * into fence from public.restore_fence;
  end if;
  return fence.fenced_at is not null;
end
$$;
revoke all on function public.is_fenced() from public;

-- A person answers for a group whose host cannot be heard any more.
create or replace function public.write_off_fence(wanted text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update public.modem_group as g set to_reconcile = false
  where g.alias = wanted and g.deleted_at is null and g.to_reconcile;
  if not found then
    return false;
  end if;
  perform public.lift_fence();
  return true;
end
$$;
revoke all on function public.write_off_fence(text) from public;
grant execute on function public.write_off_fence(text) to smsswitch_app;

-- What a host's journal knows, whatever this centre believes of its batches. `complete`: it has said
-- all, and holds nothing any more: what it never began is planned again.
create or replace function api.reconcile_v1(
  host_epoch bigint, journal uuid, results jsonb, complete boolean
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  own public.modem_group := public.host_group_now(host_epoch);
  held_by uuid := journal;
  fact record;
  old public.message_state;
  next public.message_state;
  known integer := 0;
  month date;
  ids bigint[];
begin
  if journal is null or complete is null or results is null
    or jsonb_typeof(results) <> 'array' or jsonb_array_length(results) > 1000
    or length(results::text) > 1000000
  then
    raise exception 'journal, complete and an array of at most 1000 results are needed'
    using errcode = '22023';
  end if;
  if not own.to_reconcile then
    return jsonb_build_object('accepted', 0, 'fenced', public.is_fenced());
  end if;
  for fact in
    select i.*, m.activation_month
    from jsonb_to_recordset(results) as i (
      batch_id bigint, message_id bigint, part smallint, attempt_id uuid, kind text,
      imei text, imsi text, reference smallint, error_code integer, error text, at timestamptz
    )
    join public.message as m on m.message_id = i.message_id
    left join public.send_batch as b on b.batch_id = m.batch_id
    where
      i.kind in ('sent', 'failed', 'uncertain', 'delivered', 'undelivered')
      and i.attempt_id is not null and i.batch_id is not null
      and i.part between 1 and m.segments
      -- What another group holds is not for this one to speak of.
      and (b.batch_id is null or b.group_id = own.group_id or b.state <> 'leased')
  loop
    known := known + 1;
    insert into public.attempt (
      activation_month, message_id, part, attempt_id, kind, group_id, batch_id, epoch,
      imei, imsi, reference, error_code, error, host_at
    )
    values (
      fact.activation_month, fact.message_id, fact.part, fact.attempt_id, fact.kind, own.group_id,
      fact.batch_id, host_epoch, left(fact.imei, 20), left(fact.imsi, 20), fact.reference,
      fact.error_code, left(fact.error, 300), fact.at
    )
    on conflict do nothing;
    select s.state into old from public.segment as s
    where
      s.activation_month = fact.activation_month and s.message_id = fact.message_id
      and s.part = fact.part;
    next := public.segment_moves_to(old, fact.kind, true, true, false);
    if next is null then
      continue;
    end if;
    insert into public.segment as s (
      activation_month, message_id, part, state, group_id, batch_id, attempt_id, imei, imsi,
      reference, error_code, error, submitted_at
    )
    values (
      fact.activation_month, fact.message_id, fact.part, next, own.group_id, fact.batch_id,
      fact.attempt_id, left(fact.imei, 20), left(fact.imsi, 20), fact.reference, fact.error_code,
      left(fact.error, 300), fact.at
    )
    on conflict (activation_month, message_id, part) do update set
    state = excluded.state, attempt_id = excluded.attempt_id, updated_at = now();
  end loop;
  if complete then
    for month, ids in
      with freed as (
        update public.message as m set state = 'planned', batch_id = null, first_seq = null
        from public.send_batch as b
        where
          b.group_id = own.group_id and b.journal_id = held_by and b.state = 'leased'
          and m.activation_month = b.activation_month and m.batch_id = b.batch_id
          and m.state = 'leased'
        returning m.activation_month, m.message_id
      )
      select f.activation_month, array_agg(f.message_id) from freed as f group by f.activation_month
    loop
      perform public.settle_messages(month, ids);
    end loop;
    update public.send_batch as b set state = 'returned', done_at = now()
    where b.group_id = own.group_id and b.journal_id = held_by and b.state = 'leased';
    update public.modem_group as g set to_reconcile = false where g.group_id = own.group_id;
    perform public.lift_fence();
  end if;
  for month, ids in
    select m.activation_month, array_agg(distinct m.message_id)
    from jsonb_to_recordset(results) as i (message_id bigint)
    join public.message as m on m.message_id = i.message_id
    where exists (
      select from public.segment as s
      where s.activation_month = m.activation_month and s.message_id = m.message_id
    )
    group by m.activation_month
  loop
    perform public.settle_messages(month, ids);
  end loop;
  return jsonb_build_object('accepted', known, 'fenced', public.is_fenced());
exception when data_exception then
  raise exception 'results are malformed: %', left(sqlerrm, 200) using errcode = '22023';
end
$$;
revoke all on function api.reconcile_v1(bigint, uuid, jsonb, boolean) from public;
grant execute on function api.reconcile_v1(bigint, uuid, jsonb, boolean) to modem_host;
