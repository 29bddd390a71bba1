-- Every 20 s, and when woken: how the host and its modems are. The answer says what must not be begun
-- any more, how far it may go, and whether there is work.
create or replace function api.heartbeat_v1(
  host_epoch bigint, journal uuid, status jsonb
) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  own public.modem_group := public.host_group_now(host_epoch);
  skew interval;
  held bigint[];
begin
  if journal is null or status is null or jsonb_typeof(status) <> 'object'
    or length(status::text) > 65536
  then
    raise exception 'status must be an object of at most 64 kB' using errcode = '22023';
  end if;
  begin
    if jsonb_typeof(coalesce(status -> 'modems', '[]')) <> 'array'
      or jsonb_typeof(coalesce(status -> 'batches', '[]')) <> 'array'
      or jsonb_array_length(coalesce(status -> 'modems', '[]')) > 64
      or jsonb_array_length(coalesce(status -> 'batches', '[]')) > 64
      or not coalesce((status ->> 'queued')::integer between 0 and 1000000, true)
      or exists (
        select
        from jsonb_to_recordset(coalesce(status -> 'modems', '[]')) as m (
          imei text, port text, imsi text, iccid text, operator_code text, operator text,
          sim_state text, registration text, rssi integer, in_service boolean, reason text,
          last_error text
        )
        where
          m.imei is null or m.imei !~ '^[0-9]{14,17}$' or not coalesce(m.rssi between 0 and 31, true)
          or length(concat(m.port, m.imsi, m.iccid, m.operator_code, m.operator, m.sim_state)) > 400
          or length(concat(m.registration, m.reason, m.last_error)) > 800
      )
    then
      raise exception 'status has a field that is missing or out of bounds' using errcode = '22023';
    end if;
    skew := clock_timestamp() - (status ->> 'host_time')::timestamptz;
    held := array(select jsonb_array_elements_text(status -> 'batches')::bigint);
  exception when data_exception then
    raise exception 'status is malformed: %', left(sqlerrm, 200) using errcode = '22023';
  end;
  update public.modem_group as g set
    last_heartbeat = clock_timestamp(),
    clock_skew = coalesce(skew, g.clock_skew)
  where g.group_id = own.group_id;
  perform public.ensure_sample_months(pg_catalog.now());
  perform public.take_modems(own.group_id, coalesce(status -> 'modems', '[]'));
  return jsonb_build_object(
    'state', own.state,
    'rate_limit', own.rate_limit,
    'server_time', clock_timestamp(),
    'permits', public.renew_permits(own, journal),
    'work', own.state = 'started' and exists (
      select from public.send_batch as b
      where b.group_id = own.group_id and b.state = 'planned' and not b.revoked
    ),
    -- A batch that is not this journal's is as revoked as one that does not exist.
    'revoked', (
      select coalesce(jsonb_agg(h.batch_id), '[]')
      from unnest(held) as h (batch_id)
      where not exists (
        select from public.send_batch as b
        where
          b.batch_id = h.batch_id and b.group_id = own.group_id and b.journal_id = journal
          and not public.batch_is_revoked(b, own.state)
      )
    ),
    -- Who said STOP since the claim; and what an earlier lease's late proof has settled meanwhile.
    'revoked_messages', (
      select coalesce(jsonb_agg(m.message_id order by m.message_id), '[]')
      from public.send_batch as b
      join public.campaign as c on c.campaign_id = b.campaign_id
      join public.message as m
        on m.activation_month = b.activation_month and m.batch_id = b.batch_id
      where
        b.group_id = own.group_id and b.state = 'leased' and b.journal_id = journal
        and case when m.state = 'leased'
          then exists (
            select from public.opt_out as o
            where o.msisdn = m.msisdn and (o.client_id is null or o.client_id = c.client_id)
          )
          else not exists (
            select from public.segment as s
            where
              s.activation_month = m.activation_month and s.message_id = m.message_id
              and s.batch_id = b.batch_id
          )
        end
    )
  );
end
$$;
revoke all on function api.heartbeat_v1(bigint, uuid, jsonb) from public;
grant execute on function api.heartbeat_v1(bigint, uuid, jsonb) to modem_host;

-- How a group's modems are now; a sample of the signal at most once a minute. Private.
create or replace function public.take_modems(own_group bigint, modems jsonb) returns void
language sql security definer set search_path = '' as $$
  with now_seen as (
    select distinct on (m.imei) m.*
    from jsonb_to_recordset(modems) as m (
      imei text, port text, imsi text, iccid text, operator_code text, operator text,
      sim_state text, registration text, rssi smallint, in_service boolean, reason text,
      last_error text, quota jsonb, balance text
    )
    order by m.imei
  ),
  sampled as (
    insert into public.modem_sample (group_id, imei, rssi, operator_code, sim_state)
    select own_group, n.imei, n.rssi, n.operator_code, n.sim_state
    from now_seen as n
    where not exists (
      select from public.modem_sample as s
      where s.group_id = own_group and s.imei = n.imei and s.at > now() - interval '1 minute'
    )
  )
  insert into public.modem as m (
    group_id, imei, port, imsi, iccid, operator_code, operator, sim_state, registration, rssi,
    in_service, out_of_service_reason, last_error, quota, balance
  )
  select
    own_group, n.imei, n.port, n.imsi, n.iccid, n.operator_code, n.operator, n.sim_state,
    n.registration, n.rssi, coalesce(n.in_service, true), n.reason, n.last_error,
    case when jsonb_typeof(n.quota) = 'object' and length(n.quota::text) <= 1000 then n.quota end,
    left(n.balance, 300)
  from now_seen as n
  order by n.imei
  on conflict (group_id, imei) do update set
  port = excluded.port,
  imsi = excluded.imsi,
  iccid = excluded.iccid,
  operator_code = excluded.operator_code,
  operator = excluded.operator,
  sim_state = excluded.sim_state,
  registration = excluded.registration,
  rssi = excluded.rssi,
  in_service = excluded.in_service,
  out_of_service_reason = excluded.out_of_service_reason,
  last_error = coalesce(excluded.last_error, m.last_error),
  quota = excluded.quota,
  balance = excluded.balance,
  seen_at = now()
$$;
revoke all on function public.take_modems(bigint, jsonb) from public;
