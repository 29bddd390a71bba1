-- What the functions of the contract share; nobody else may call these.

-- The group of the host that is logged in, locked until the end of the transaction, so that two
-- connections of one host never work on its leases at the same time.
create or replace function public.host_group(host_epoch bigint) returns public.modem_group
language plpgsql security definer set search_path = '' as $$
declare
  own public.modem_group;
begin
  select * into own from public.modem_group
  where host_role = session_user and deleted_at is null
  for no key update;
  if not found then
    raise exception 'unknown group, batch or message' using errcode = 'P0002';
  end if;
  if host_epoch is null then
    raise exception 'host_epoch is missing' using errcode = '22023';
  end if;
  return own;
end
$$;
revoke all on function public.host_group(bigint) from public;

-- The same, refused to a host whose registration is not the last one of its group.
create or replace function public.host_group_now(host_epoch bigint) returns public.modem_group
language plpgsql security definer set search_path = '' as $$
declare
  own public.modem_group := public.host_group(host_epoch);
begin
  -- A higher one was given by this database before it was restored from a backup.
  if host_epoch <> own.epoch then
    raise exception 'epoch % is over: this group registered again (now %)', host_epoch, own.epoch
    using errcode = 'SM409';
  end if;
  return own;
end
$$;
revoke all on function public.host_group_now(bigint) from public;

-- When nothing more of a batch may be begun: its campaign ends, or sending hours do where its
-- recipients live. Null = never.
create or replace function public.batch_closes(batch public.send_batch) returns timestamptz
language sql stable security definer set search_path = '' as $$
  select least(
    c.expire_at,
    case
      when batch.region is null then c.window_until
      else coalesce(
        (
          select r.window_until from public.campaign_region as r
          where r.campaign_id = batch.campaign_id and r.region = batch.region
        ),
        '-infinity'
      )
    end
  )
  from public.campaign as c where c.campaign_id = batch.campaign_id
$$;
revoke all on function public.batch_closes(public.send_batch) from public;

-- Whether a host must begin nothing more of a batch.
create or replace function public.batch_is_revoked(
  batch public.send_batch, group_now public.group_state
) returns boolean
language sql stable security definer set search_path = '' as $$
  select
    batch.state <> 'leased' or batch.revoked or group_now = 'stopped'
    or coalesce(public.batch_closes(batch) <= pg_catalog.now(), false)
    or exists (
      select from public.campaign as c
      where c.campaign_id = batch.campaign_id and c.state <> 'sending'
    )
$$;
revoke all on function public.batch_is_revoked(public.send_batch, public.group_state) from public;

-- Moves the permits of a host's leases ahead: of all leases together, at most k × modems segments may
-- be begun without a result, the older lease first. A permit never goes down.
create or replace function public.renew_permits(own public.modem_group, journal uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  permits jsonb;
begin
  with leases as (
    select
      b.batch_id,
      b.permit_seq,
      b.reported + least(
        b.leased_segments - b.reported,
        greatest(
          coalesce(own.permit_per_modem * own.modems, 1000000)
          - coalesce(sum(b.leased_segments - b.reported) over (
            order by b.leased_at, b.batch_id rows between unbounded preceding and 1 preceding
          ), 0),
          0
        )
      ) as wanted
    from public.send_batch as b
    where b.group_id = own.group_id and b.journal_id = journal and b.state = 'leased'
  ),
  moved as (
    update public.send_batch as b set permit_seq = l.wanted
    from leases as l
    where b.batch_id = l.batch_id and l.wanted > b.permit_seq
  )
  select
    coalesce(
      pg_catalog.jsonb_object_agg(l.batch_id::text, greatest(l.permit_seq, l.wanted)), '{}'
    )
  into permits from leases as l;
  return permits;
end
$$;
revoke all on function public.renew_permits(public.modem_group, uuid) from public;

-- What a host needs to know of its batch, and nothing else.
create or replace function public.batch_document(
  batch public.send_batch, own public.modem_group
) returns jsonb
language sql stable security definer set search_path = '' set enable_seqscan = off as $$
  select jsonb_build_object(
    'batch', batch.batch_id,
    'state', batch.state,
    'revoked', public.batch_is_revoked(batch, own.state),
    'segments', batch.leased_segments,
    'permit_seq', batch.permit_seq,
    'not_after', public.batch_closes(batch),
    'messages', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'message_id', m.message_id,
        'seq', m.first_seq,
        'msisdn', m.msisdn,
        'text', m.text,
        'text_md5', m.text_md5,
        'encoding', m.encoding,
        'segments', m.segments,
        'parts_done', (
          select coalesce(jsonb_agg(s.part order by s.part), '[]') from public.segment as s
          where
            s.activation_month = batch.activation_month and s.message_id = m.message_id
            and s.batch_id <> batch.batch_id and s.state <> 'planned'
        ),
        -- For a host that may be a copy of another's disk: what was told meanwhile.
        'parts_told', (
          select coalesce(jsonb_agg(s.part order by s.part), '[]') from public.segment as s
          where
            s.activation_month = batch.activation_month and s.message_id = m.message_id
            and s.batch_id = batch.batch_id
        )
      ) order by m.first_seq), '[]')
      from public.message as m
      where
        m.activation_month = batch.activation_month
        and m.message_id = any(batch.leased_messages)
        and m.batch_id = batch.batch_id
    )
  )
$$;
revoke all on function public.batch_document(public.send_batch, public.modem_group) from public;
