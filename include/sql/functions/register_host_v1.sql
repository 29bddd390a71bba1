-- A host that starts says who it is and which journal it holds. It gets a new epoch, which fences off
-- whoever had the one before, and the leases that this very journal still holds.
create or replace function api.register_host_v1(
  mac macaddr, journal uuid, boot_id text, host jsonb default '{}'
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  wanted_mac macaddr := mac;
  this_boot text := boot_id;
  own public.modem_group := public.host_group(0);
begin
  if wanted_mac is null or journal is null or this_boot is null or length(this_boot) > 100
    or host is null or jsonb_typeof(host) <> 'object' or length(host::text) > 4000
  then
    raise exception 'mac, journal, boot_id (100 characters) and host (4 kB) are needed'
    using errcode = '22023';
  end if;
  if own.mac <> wanted_mac then
    raise exception 'unknown group, batch or message' using errcode = 'P0002';
  end if;
  perform public.is_fenced();
  update public.modem_group as g set
    epoch = g.epoch + 1,
    journal_id = journal,
    boot_id = this_boot,
    host_name = left(host ->> 'name', 100),
    version = left(host ->> 'version', 40),
    last_heartbeat = clock_timestamp()
  where g.group_id = own.group_id
  returning * into own;
  return jsonb_build_object(
    'group_id', own.group_id,
    'alias', own.alias,
    'state', own.state,
    'epoch', own.epoch,
    'channel', public.host_channel(own.group_id),
    'rate_limit', own.rate_limit,
    'heartbeat_seconds', 20,
    'server_time', clock_timestamp(),
    'permits', public.renew_permits(own, journal),
    'reconcile', own.to_reconcile,
    'leases', (
      select coalesce(jsonb_agg(b.batch_id order by b.leased_at, b.batch_id), '[]')
      from public.send_batch as b
      where
        b.group_id = own.group_id and b.journal_id = journal and b.state = 'leased'
        and not own.to_reconcile
    )
  );
end
$$;
revoke all on function api.register_host_v1(macaddr, uuid, text, jsonb) from public;
grant execute on function api.register_host_v1(macaddr, uuid, text, jsonb) to modem_host;
grant usage on schema api to modem_host;
