-- One batch for the host, or the reason why there is none. The same token gives the same rows again,
-- so that a host that died before it had written them down loses nothing.
create or replace function api.claim_batch_v1(
  host_epoch bigint, journal uuid, lease_token uuid
) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  token uuid := lease_token;
  own public.modem_group := public.host_group_now(host_epoch);
  batch public.send_batch;
  gone bigint[];
begin
  if journal is null or token is null then
    raise exception 'journal and lease_token are needed' using errcode = '22023';
  end if;
  if public.is_fenced() then
    return jsonb_build_object('batch', null, 'reason', 'fenced');
  end if;
  select * into batch from public.send_batch as b
  where b.group_id = own.group_id and b.lease_token = token;
  if found then
    if batch.journal_id <> journal then
      raise exception 'unknown group, batch or message' using errcode = 'P0002';
    end if;
    return public.batch_document(batch, own);
  end if;
  if own.state <> 'started' then
    return jsonb_build_object('batch', null, 'reason', 'group_' || own.state);
  end if;
  if (
    select count(*) >= 2 from public.send_batch as b
    where b.group_id = own.group_id and b.state = 'leased' and b.journal_id = journal
  ) then
    return jsonb_build_object('batch', null, 'reason', 'lease_limit');
  end if;
  loop
    select b.* into batch
    from public.send_batch as b
    join public.campaign as c on c.campaign_id = b.campaign_id
    left join public.campaign_region as r
      on r.campaign_id = b.campaign_id and r.region = b.region
    where
      b.group_id = own.group_id and b.state = 'planned' and not b.revoked
      and c.state = 'sending'
      and (c.expire_at is null or c.expire_at > now())
      and case
        when b.region is not null then r.window_from <= now() and r.window_until > now()
        else coalesce(c.window_from <= now(), true) and coalesce(c.window_until > now(), true)
      end
      -- A host whose clock is wrong could send outside the hours in which commercial texts may go.
      and (c.purpose <> 'marketing' or coalesce(abs(extract(epoch from own.clock_skew)), 0) <= 30)
    order by c.purpose = 'marketing', b.batch_id
    limit 1
    for no key update of b skip locked;
    if not found then
      return jsonb_build_object('batch', null, 'reason', 'nothing');
    end if;
    with stopped as (
      select m.message_id
      from public.message as m
      join public.campaign as c on c.campaign_id = m.campaign_id
      join public.opt_out as o
        on o.msisdn = m.msisdn and (o.client_id is null or o.client_id = c.client_id)
      where m.activation_month = batch.activation_month and m.batch_id = batch.batch_id
    )
    update public.message as m set
      state = 'skipped', reason = 'opted_out', batch_id = null, first_seq = null, final_at = now()
    from stopped as s
    where
      m.activation_month = batch.activation_month and m.batch_id = batch.batch_id
      and m.message_id = s.message_id
      and m.state = 'planned';
    with counted as (
      select
        m.message_id,
        m.segments - (
          select count(*) from public.segment as s
          where
            s.activation_month = batch.activation_month and s.message_id = m.message_id
            and s.state <> 'planned'
        ) as parts
      from public.message as m
      where
        m.activation_month = batch.activation_month and m.batch_id = batch.batch_id
        and m.state = 'planned'
    ),
    numbered as (
      select c.message_id, c.parts, sum(c.parts) over (order by c.message_id) - c.parts + 1 as seq
      from counted as c
    ),
    leased as (
      update public.message as m set state = 'leased', first_seq = n.seq
      from numbered as n
      where
        m.activation_month = batch.activation_month and m.batch_id = batch.batch_id
        and m.message_id = n.message_id
      returning m.message_id, n.parts
    )
    select array_agg(l.message_id order by l.message_id), coalesce(sum(l.parts), 0)
    into batch.leased_messages, batch.leased_segments
    from leased as l;
    if batch.leased_segments > 0 then
      exit;
    end if;
    update public.send_batch as b set state = 'returned', done_at = now()
    where b.batch_id = batch.batch_id;
  end loop;
  update public.send_batch as b set
    state = 'leased',
    lease_token = token,
    journal_id = journal,
    epoch = host_epoch,
    leased_at = clock_timestamp(),
    leased_messages = batch.leased_messages,
    leased_segments = batch.leased_segments
  where b.batch_id = batch.batch_id;
  perform public.renew_permits(own, journal);
  select * into batch from public.send_batch as b where b.batch_id = batch.batch_id;
  return public.batch_document(batch, own);
end
$$;
revoke all on function api.claim_batch_v1(bigint, uuid, uuid) from public;
grant execute on function api.claim_batch_v1(bigint, uuid, uuid) to modem_host;
