-- Made by `make schema`; do not edit.
CREATE SCHEMA api;
COMMENT ON SCHEMA api IS 'What a modem host may call, and nothing else: versioned functions.';
CREATE SCHEMA unmasked;
COMMENT ON SCHEMA unmasked IS 'The same views with whole numbers, for who may see them and has said why.';
CREATE TYPE public.batch_state AS ENUM (
    'planned',
    'leased',
    'done',
    'returned',
    'condemned'
);
CREATE TYPE public.campaign_state AS ENUM (
    'draft',
    'quoted',
    'awaiting_approval',
    'scheduled',
    'expanding',
    'sending',
    'paused',
    'completed',
    'cancelled',
    'expired',
    'failed'
);
CREATE TYPE public.group_state AS ENUM (
    'started',
    'stopped',
    'draining'
);
CREATE TYPE public.invoice_kind AS ENUM (
    'invoice',
    'credit_note'
);
CREATE TYPE public.ledger_kind AS ENUM (
    'topup',
    'reserve',
    'capture',
    'release',
    'invoice'
);
CREATE TYPE public.message_state AS ENUM (
    'planned',
    'leased',
    'sent',
    'delivered',
    'undelivered',
    'failed',
    'uncertain',
    'written_off',
    'skipped',
    'expired',
    'cancelled'
);
CREATE TYPE public.spool_policy AS ENUM (
    'evolve',
    'freeze',
    'approve'
);
CREATE TYPE public.spool_state AS ENUM (
    'loaded',
    'quarantined',
    'waiting'
);
CREATE TYPE public.treatment_trigger AS ENUM (
    'file_loaded',
    'daily',
    'monthly',
    'threshold',
    'manual'
);
CREATE TYPE public.upload_kind AS ENUM (
    'contacts',
    'mapping',
    'campaign',
    'blocklist',
    'command'
);
CREATE TYPE public.upload_state AS ENUM (
    'received',
    'awaiting_mapping',
    'mapping_submitted',
    'loading',
    'loaded',
    'rejected',
    'duplicate',
    'quarantined',
    'expired',
    'failed'
);
CREATE FUNCTION api.claim_batch_v1(host_epoch bigint, journal uuid, lease_token uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
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
CREATE FUNCTION api.heartbeat_v1(host_epoch bigint, journal uuid, status jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
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
$_$;
CREATE FUNCTION api.reconcile_v1(host_epoch bigint, journal uuid, results jsonb, complete boolean) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION api.register_host_v1(mac macaddr, journal uuid, boot_id text, host jsonb DEFAULT '{}'::jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION api.report_inbound_v1(host_epoch bigint, journal uuid, messages jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
#variable_conflict use_column
declare
  own public.modem_group := public.host_group(host_epoch);
  fresh integer;
  stopped integer;
begin
  if journal is null or messages is null or jsonb_typeof(messages) <> 'array'
    or jsonb_array_length(messages) > 200 or length(messages::text) > 1000000
  then
    raise exception 'messages must be an array of at most 200 and 1 MB' using errcode = '22023';
  end if;
  begin
    if exists (
      select from jsonb_to_recordset(messages) as m (
        host_key text, imei text, sender text, text text, sent_at timestamptz
      )
      where
        not coalesce(
          length(m.host_key) between 1 and 64 and length(m.imei) between 1 and 20
          and length(m.sender) between 1 and 40 and length(m.text) <= 4000, false
        )
    ) then
      raise exception 'a message has a field that is missing or out of bounds'
      using errcode = '22023';
    end if;
  exception when data_exception then
    raise exception 'a message is malformed: %', left(sqlerrm, 200) using errcode = '22023';
  end;
  with input as (
    select
      m.*,
      case
        -- A name or a short code cannot be opted out: there is nobody to stop texting.
        when public.stop_word(m.text) = 'opt_out' and m.sender !~ '^\+[1-9][0-9]{6,14}$' then 'review'
        else public.stop_word(m.text)
      end as wish
    from jsonb_to_recordset(messages) as m (
      host_key text, imei text, sender text, text text, sent_at timestamptz
    )
  ),
  added as (
    insert into public.inbound_message (
      group_id, journal_id, host_key, imei, sender, text, sent_at, opt_out, review
    )
    select
      own.group_id, journal, i.host_key, i.imei, i.sender, i.text, i.sent_at,
      coalesce(i.wish = 'opt_out', false), coalesce(i.wish = 'review', false)
    from input as i
    on conflict (group_id, journal_id, host_key) do nothing
    returning inbound_id, sender, opt_out
  ),
  opted as (
    insert into public.opt_out (msisdn, client_id, source)
    select distinct a.sender, null::bigint, 'stop' from added as a where a.opt_out
    on conflict do nothing
    returning msisdn
  ),
  audited as (
    insert into public.audit_entry (actor, action, subject, detail)
    select
      session_user, 'opt_out', a.sender,
      jsonb_build_object('source', 'stop', 'inbound_id', max(a.inbound_id))
    from added as a where a.opt_out
    group by a.sender
  )
  select (select count(*) from added), (select count(*) from opted) into fresh, stopped;
  return jsonb_build_object('accepted', fresh, 'opted_out', stopped);
end
$_$;
CREATE FUNCTION api.report_results_v1(host_epoch bigint, journal uuid, results jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  own public.modem_group := public.host_group(host_epoch);
  taken record;
  known integer := 0;
  conflicts integer := 0;
  rounds integer;
begin
  if journal is null or results is null or jsonb_typeof(results) <> 'array'
    or jsonb_array_length(results) > 1000 or length(results::text) > 1000000
  then
    raise exception 'results must be an array of at most 1000 reports and 1 MB'
    using errcode = '22023';
  end if;
  begin
    select max(x.n) into rounds from (
      select
        count(*) as n,
        bool_and(
          coalesce(r.kind, '') in (
            'sent', 'failed', 'retryable', 'not_sent', 'uncertain', 'delivered', 'undelivered'
          )
          and r.attempt_id is not null and coalesce(r.part, 0) between 1 and 255
          and coalesce(length(r.imei), 0) <= 20 and coalesce(length(r.imsi), 0) <= 20
          and coalesce(length(r.error), 0) <= 300
          and coalesce(r.reference between 0 and 255, true)
        ) as fine
      from jsonb_to_recordset(results) as r (
        batch_id bigint, message_id bigint, part smallint, attempt_id uuid, kind text,
        imei text, imsi text, reference smallint, error text, error_code integer, at timestamptz
      )
      group by r.batch_id, r.message_id, r.part
    ) as x
    having bool_and(x.fine) is not false and max(x.n) <= 10;
    if not found then
      raise exception 'a report has a field that is missing or out of bounds'
      using errcode = '22023';
    end if;
  exception when data_exception then
    raise exception 'a report is malformed: %', left(sqlerrm, 200) using errcode = '22023';
  end;
  for round in 1..coalesce(rounds, 0) loop
    taken := public.take_results(own, host_epoch, results, round);
    known := known + taken.known;
    conflicts := conflicts + taken.conflicts;
  end loop;
  if known < jsonb_array_length(results) then
    raise exception 'unknown group, batch or message' using errcode = 'P0002';
  end if;
  update public.send_batch as b set
    done_at = now(),
    state = case
      when exists (
        select from public.message as m
        where
          m.activation_month = b.activation_month and m.message_id = any(b.leased_messages)
          and m.batch_id is distinct from b.batch_id
      ) then 'returned'::public.batch_state
      else 'done'
    end
  where
    b.group_id = own.group_id and b.state = 'leased' and b.reported >= b.leased_segments
    and not exists (
      select from public.message as m
      where
        m.activation_month = b.activation_month and m.batch_id = b.batch_id and m.state = 'leased'
    );
  return jsonb_build_object(
    'accepted', known,
    'conflicts', conflicts,
    'fenced', host_epoch <> own.epoch,
    'permits', case
      when host_epoch <> own.epoch then '{}' else public.renew_permits(own, journal)
    end
  );
end
$$;
CREATE FUNCTION public.attach_partition(parent text, child text, lowest text, below text, told text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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
CREATE TABLE public.send_batch (
    batch_id bigint NOT NULL,
    activation_month date NOT NULL,
    campaign_id bigint NOT NULL,
    group_id bigint NOT NULL,
    state public.batch_state DEFAULT 'planned'::public.batch_state NOT NULL,
    messages smallint NOT NULL,
    segments smallint NOT NULL,
    lease_token uuid,
    journal_id uuid,
    epoch bigint,
    leased_at timestamp with time zone,
    leased_messages bigint[],
    leased_segments integer,
    reported integer DEFAULT 0 NOT NULL,
    permit_seq integer DEFAULT 0 NOT NULL,
    revoked boolean DEFAULT false NOT NULL,
    silent_at timestamp with time zone,
    planned_at timestamp with time zone DEFAULT now() NOT NULL,
    done_at timestamp with time zone,
    region text,
    logged boolean DEFAULT false NOT NULL,
    CONSTRAINT send_batch_check CHECK ((((state = 'planned'::public.batch_state) = (lease_token IS NULL)) OR (state = ANY (ARRAY['returned'::public.batch_state, 'condemned'::public.batch_state]))))
);
COMMENT ON TABLE public.send_batch IS 'Messages of one campaign for one group: planned, claimed by its host under a lease, reported.';
COMMENT ON COLUMN public.send_batch.leased_messages IS 'What the host was given: the claim leaves out what must not be sent any more.';
COMMENT ON COLUMN public.send_batch.leased_segments IS 'Segments of leased_messages still to be sent; their seq, given at the claim, runs from 1 to it.';
COMMENT ON COLUMN public.send_batch.reported IS 'How many of leased_segments have a result.';
COMMENT ON COLUMN public.send_batch.permit_seq IS 'No segment with a higher seq may be begun by the host.';
COMMENT ON COLUMN public.send_batch.revoked IS 'The host must begin nothing more of it (campaign paused or cancelled, group stopped).';
COMMENT ON COLUMN public.send_batch.silent_at IS 'Since when its host has not been heard of; it is planned again only when condemned.';
COMMENT ON COLUMN public.send_batch.region IS 'Country and time zones of all its recipients, where the campaign''s own window does not hold for them; null = home.';
COMMENT ON COLUMN public.send_batch.logged IS 'The roll-up has told its end in the log; those that were over before it did so count as told.';
CREATE FUNCTION public.batch_closes(batch public.send_batch) RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE TABLE public.modem_group (
    group_id bigint NOT NULL,
    mac macaddr NOT NULL,
    alias text NOT NULL,
    modems smallint NOT NULL,
    state public.group_state DEFAULT 'started'::public.group_state NOT NULL,
    rate_limit integer,
    permit_per_modem integer DEFAULT 20,
    host_role name NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    journal_id uuid,
    boot_id text,
    host_name text,
    version text,
    last_heartbeat timestamp with time zone,
    clock_skew interval,
    wake_at timestamp with time zone,
    to_reconcile boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT modem_group_alias_check CHECK (((length(alias) >= 1) AND (length(alias) <= 60))),
    CONSTRAINT modem_group_modems_check CHECK (((modems >= 1) AND (modems <= 64))),
    CONSTRAINT modem_group_permit_per_modem_check CHECK ((permit_per_modem > 0)),
    CONSTRAINT modem_group_rate_limit_check CHECK ((rate_limit > 0))
);
COMMENT ON TABLE public.modem_group IS 'The 2012 « groupe »: one computer with GSM modems plugged in, known by its MAC address, logged in as host_role.';
COMMENT ON COLUMN public.modem_group.modems IS 'Declared number of modems; counts when the group was never seen.';
COMMENT ON COLUMN public.modem_group.rate_limit IS '« Vitesse »: SMS a minute; null = no limit.';
COMMENT ON COLUMN public.modem_group.permit_per_modem IS 'k: how far ahead of its reports a host may send, per modem; null = a whole batch.';
COMMENT ON COLUMN public.modem_group.epoch IS 'Grows at each registration; a host with an older one is refused (SM409).';
COMMENT ON COLUMN public.modem_group.to_reconcile IS 'The database was restored: this host has not yet said what its journal knows.';
COMMENT ON COLUMN public.modem_group.deleted_at IS 'Its history stays; adding its MAC address again brings it back.';
CREATE FUNCTION public.batch_document(batch public.send_batch, own public.modem_group) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET enable_seqscan TO 'off'
    AS $$
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
CREATE FUNCTION public.batch_is_revoked(batch public.send_batch, group_now public.group_state) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select
    batch.state <> 'leased' or batch.revoked or group_now = 'stopped'
    or coalesce(public.batch_closes(batch) <= pg_catalog.now(), false)
    or exists (
      select from public.campaign as c
      where c.campaign_id = batch.campaign_id and c.state <> 'sending'
    )
$$;
CREATE FUNCTION public.centre_identity() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select concat_ws(
    '/',
    (select s.system_identifier from pg_catalog.pg_control_system() as s),
    (select c.timeline_id from pg_catalog.pg_control_checkpoint() as c),
    (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database())
  )
$$;
CREATE FUNCTION public.chain_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
declare
  previous bytea;
begin
  perform pg_advisory_xact_lock(7226003);
  new.entry_id := nextval(pg_get_serial_sequence('public.audit_entry', 'entry_id'));
  select hash into previous from audit_entry order by entry_id desc limit 1;
  new.hash := sha256(coalesce(previous, '') || convert_to(
    concat_ws('|', new.entry_id, extract(epoch from new.at), new.actor, new.action, new.subject, new.detail), 'UTF8'
  ));
  return new;
end
$$;
CREATE FUNCTION public.check_issued() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    AS $$
begin
  if not exists (select from invoice as i where i.kind = new.kind and i.sequence = new.last) then
    raise exception 'number % was counted without an invoice', new.last using errcode = 'SM404';
  end if;
  if exists (
    select from invoice as i
    where
      i.kind = new.kind and i.sequence = new.last
      and i.net <> (select coalesce(sum(l.net), 0) from invoice_line as l where l.invoice_id = i.invoice_id)
  ) then
    raise exception 'the lines of number % do not add up', new.last using errcode = 'SM404';
  end if;
  return null;
end
$$;
CREATE FUNCTION public.contact_has_its_parents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  parents record;
begin
  for parents in select distinct list_id, upload_id from added loop
    perform from contact_list where list_id = parents.list_id for key share;
    if not found or not exists (select from upload where upload_id = parents.upload_id) then
      raise foreign_key_violation using message = 'a contact without its list or its upload';
    end if;
  end loop;
  return null;
end $$;
COMMENT ON FUNCTION public.contact_has_its_parents() IS 'What the foreign keys of contact would say, once for each statement.';
CREATE FUNCTION public.contacts_go_with_their_list() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  delete from contact where list_id in (select list_id from gone);
  return null;
end $$;
COMMENT ON FUNCTION public.contacts_go_with_their_list() IS 'On delete cascade, once for each statement.';
CREATE FUNCTION public.create_ticket_views() RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  fields text;
  shown text;
  whole text;
  body constant text := $view$
    select
      f.ticket_id, f.pbx, file_sha256, line_number, ambiguous_time, start_at, start_at_earlier,
      call_type_name, direction, %s, r.cost, r.currency, r.rated, r.reason as unrated_reason,
      f.end_at,
      coalesce(u.cost_centre, nullif(f.charged_cost_center, '255')) as cost_centre,
      coalesce(u.company, c.company, f.charged_company) as company,
      coalesce(nullif(u.person, ''), f.charged_user_name) as user_name,
      c.name as cost_centre_name
    from v_ticket_full as f
    left join rated_ticket as r on r.ticket_id = f.ticket_id and not r.superseded
    left join org_user_span as u
      on u.pbx = f.pbx and u.extension = f.charged_number and f.local_day >= u.valid_from
      and (u.valid_to is null or f.local_day <= u.valid_to)
    left join cost_centre_span as c
      on c.code = coalesce(u.cost_centre, nullif(f.charged_cost_center, '255')) and f.local_day >= c.valid_from
      and (c.valid_to is null or f.local_day <= c.valid_to)
  $view$;
begin
  select
    string_agg(
      format('%s as %I', stable_expression(f.column_name, a.type, f.stable_type), f.stable_name),
      ', ' order by f.position
    ),
    string_agg(
      case when f.masked then format('mask_number(%1$I) as %1$I', f.stable_name)
      when f.stable_name = 'charged_cost_center' then 'nullif(charged_cost_center, ''255'') as charged_cost_center'
      else quote_ident(f.stable_name) end,
      ', ' order by f.position
    ),
    string_agg(
      case when f.stable_name = 'charged_cost_center' then 'nullif(charged_cost_center, ''255'') as charged_cost_center'
      else quote_ident(f.stable_name) end,
      ', ' order by f.position
    )
  into fields, shown, whole
  from ticket_field as f
  left join (
    select attname, split_part(format_type(atttypid, null), ' ', 1) as type
    from pg_attribute where attrelid = 'taxdata'::regclass and attnum > 0 and not attisdropped
  ) as a on a.attname = f.column_name;
  execute format($view$
    create view v_ticket_full as
    select
      s.pbx, p.timezone, s.sha256 as file_sha256, t.*, c.name as call_type_name, c.direction,
      t.start_date_time at time zone p.timezone as start_at,
      case
        when
          t.ambiguous_time
          and (t.start_date_time at time zone p.timezone - interval '1 hour') at time zone p.timezone
          = t.start_date_time
          then t.start_date_time at time zone p.timezone - interval '1 hour'
      end as start_at_earlier,
      t.end_date_time at time zone p.timezone as end_at,
      coalesce(t.start_date_time, t.end_date_time)::date as local_day
    from (
      select t.ticket_id, t.file_id, t.line_number, t.ambiguous_time, %s
      from taxdata as t
      where not exists (select from duplicate_ticket as d where d.ticket_id = t.ticket_id)
    ) as t
    join spooled_file as s using (file_id)
    join pbx as p on p.code = s.pbx
    -- LocalTransit (15) came with the ED releases; an unknown code counts as Unspecified (6).
    left join call_type as k on k.code = t.call_type and (k.code < 15 or t.ticket_version like 'ED%%')
    join call_type as c on c.code = coalesce(k.code, 6)
  $view$, fields);
  execute 'create view v_ticket as ' || format(body, shown);
  execute 'create view unmasked.v_ticket as ' || format(body, whole) || ' where unmasking_open()';
  comment on view v_ticket_full is 'Each ticket once, stable names, whole numbers. Only for rating.';
  comment on view v_ticket is 'Each ticket once: stable names and types, decoded call type, outside numbers masked, cost.';
  comment on column v_ticket.cost_centre is 'Where the person was on the day of the call: of the organisation, else of the ticket.';
  comment on view unmasked.v_ticket is 'v_ticket with whole numbers, after open_unmasking(reason) only.';
  comment on column v_ticket_full.start_at is 'In the hour that comes twice, the later reading; start_at_earlier is the other one.';
  grant select on v_ticket_full to smsswitch_app;
  grant select on v_ticket to smsswitch_app, smsswitch_reader;
  grant select on unmasked.v_ticket to smsswitch_unmask;
end
$_$;
CREATE FUNCTION public.dialled_e164(number text, plan jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT CASE WHEN (d.digits !~ '^[+]?[0-9]+[-*]*$'::text) THEN ''::text WHEN starts_with(d.digits, '+'::text) THEN substr(d.digits, 2) WHEN (((dialled_e164.plan ->> 'international'::text) <> ''::text) AND starts_with(d.digits, (dialled_e164.plan ->> 'international'::text))) THEN substr(d.digits, (length((dialled_e164.plan ->> 'international'::text)) + 1)) WHEN (((dialled_e164.plan ->> 'national'::text) <> ''::text) AND starts_with(d.digits, (dialled_e164.plan ->> 'national'::text))) THEN ((dialled_e164.plan ->> 'country'::text) || substr(d.digits, (length((dialled_e164.plan ->> 'national'::text)) + 1))) ELSE ''::text END AS "case" FROM (SELECT CASE WHEN (((dialled_e164.plan ->> 'outside'::text) <> ''::text) AND starts_with(dialled_e164.number, (dialled_e164.plan ->> 'outside'::text))) THEN substr(dialled_e164.number, (length((dialled_e164.plan ->> 'outside'::text)) + 1)) ELSE dialled_e164.number END AS digits) d);
CREATE FUNCTION public.disable_host_login(host_role name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.drop_message_partitions(month date) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '800ms'
    AS $$
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
COMMENT ON FUNCTION public.drop_message_partitions(month date) IS 'Drops the messages of one month, keeps their counts in campaign_archive; how many messages went.';
CREATE FUNCTION public.drop_sample_month(month date) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '800ms'
    AS $$
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
COMMENT ON FUNCTION public.drop_sample_month(month date) IS 'Drops the samples of one month; how many went.';
CREATE FUNCTION public.drop_ticket_block(block bigint, before timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '800ms'
    AS $$
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
COMMENT ON FUNCTION public.drop_ticket_block(block bigint, before timestamp with time zone) IS 'Drops the tickets of one partition with their prices, if all were read in months that are wholly older; how many went.';
CREATE FUNCTION public.drop_ticket_views() RETURNS void
    LANGUAGE sql
    AS $$
drop view if exists unmasked.v_ticket;
drop view if exists v_ticket;
drop view if exists v_ticket_full;
$$;
CREATE FUNCTION public.ensure_message_partitions(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.ensure_sample_months(at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET "TimeZone" TO 'UTC'
    AS $$
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
COMMENT ON FUNCTION public.ensure_sample_months(at timestamp with time zone) IS 'Makes sure that samples of this month and the next have a place.';
CREATE FUNCTION public.ensure_ticket_block(file bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
COMMENT ON FUNCTION public.ensure_ticket_block(file bigint) IS 'Makes sure that tickets of this file, and their prices, have a place.';
CREATE FUNCTION public.erlang_b(traffic double precision, lines integer) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
declare
  blocked double precision := 1;
begin
  for n in 1 .. lines loop
    blocked := traffic * blocked / (n + traffic * blocked);
  end loop;
  return blocked;
end
$$;
COMMENT ON FUNCTION public.erlang_b(traffic double precision, lines integer) IS 'The share of calls that find all lines busy.';
CREATE FUNCTION public.guard_balance() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    AS $$
declare
  balance numeric;
begin
  -- The client's row is the lock: activations of one client wait for each other here. "no key", since
  -- two of them already hold the key share lock that a foreign key takes.
  perform from client where client_id = new.client_id for no key update;
  select coalesce(sum(amount), 0) into balance from ledger_entry where client_id = new.client_id;
  if balance + new.amount < 0 then
    raise exception 'credit insufficient: % available, % needed', balance, -new.amount using errcode = 'SM402';
  end if;
  return new;
end
$$;
CREATE FUNCTION public.guard_counter() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op <> 'UPDATE' or new.last <> old.last + 1 or new.kind <> old.kind or new.prefix <> old.prefix then
    raise exception 'invoice_counter only counts on' using errcode = 'SM404';
  end if;
  return new;
end
$$;
CREATE FUNCTION public.guard_invoice() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    AS $$
begin
  if not exists (
    select from invoice_counter as c
    where c.kind = new.kind and c.last = new.sequence and new.number = c.prefix || lpad(new.sequence::text, 6, '0')
  ) then
    raise exception '% is not the number just counted', new.number using errcode = 'SM404';
  end if;
  if new.kind = 'invoice' and new.revision > 1 and not exists (
    select from invoice as i join invoice as c on c.corrects = i.invoice_id
    where i.client_id = new.client_id and i.period = new.period and i.revision = new.revision - 1
  ) then
    raise exception 'the invoice before it has no credit note' using errcode = 'SM404';
  end if;
  return new;
end
$$;
CREATE FUNCTION public.guard_invoice_line() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    AS $$
begin
  if exists (
    select from added as l join invoice as i using (invoice_id) where i.issued_at <> now()
  ) then
    raise exception 'an issued invoice gets no more lines' using errcode = 'SM404';
  end if;
  return null;
end
$$;
COMMENT ON FUNCTION public.guard_invoice_line() IS 'Lines come in the transaction that issues their invoice.';
CREATE FUNCTION public.host_channel(group_id bigint) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select 'smsswitch_group_' || group_id
$$;
CREATE FUNCTION public.host_group(host_epoch bigint) RETURNS public.modem_group
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.host_group_now(host_epoch bigint) RETURNS public.modem_group
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.is_fenced() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.lift_fence() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update public.restore_fence as f set fenced_at = null
  where
    f.fenced_at is not null
    and not exists (
      select from public.modem_group as g where g.to_reconcile and g.deleted_at is null
    )
$$;
CREATE FUNCTION public.lines_needed(traffic double precision, blocking double precision) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
declare
  blocked double precision := 1;
  n integer := 0;
begin
  while blocked > blocking loop
    n := n + 1;
    blocked := traffic * blocked / (n + traffic * blocked);
  end loop;
  return n;
end
$$;
COMMENT ON FUNCTION public.lines_needed(traffic double precision, blocking double precision) IS 'The fewest lines with which at most the share blocking of calls is lost (Erlang B).';
CREATE FUNCTION public.lock_to_drop(VARIADIC tables text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    SET lock_timeout TO '800ms'
    AS $$
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
CREATE FUNCTION public.make_host_login(mac macaddr, OUT host_role name, OUT password text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
COMMENT ON FUNCTION public.make_host_login(mac macaddr, OUT host_role name, OUT password text) IS 'Makes the LOGIN role of a group''s host, or gives it a new password. The caller writes host_role into modem_group.';
CREATE FUNCTION public.mask_number(number text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (length(number) > 6) THEN ("left"(number, '-4'::integer) || '----'::text) ELSE number END;
COMMENT ON FUNCTION public.mask_number(number text) IS 'Hides the last four digits of an outside number; extensions (six digits at most) stay.';
CREATE FUNCTION public.open_ticket_month() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET "TimeZone" TO 'UTC'
    AS $$
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
COMMENT ON FUNCTION public.open_ticket_month() IS 'Makes sure that new files get numbers, and their tickets a partition, of this month.';
CREATE FUNCTION public.open_unmasking(reason text, actor text DEFAULT NULL::text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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
COMMENT ON FUNCTION public.open_unmasking(reason text, actor text) IS 'Opens schema unmasked to this login for 15 minutes, from the commit on; written down in audit_entry.';
CREATE FUNCTION public.purge_earlier_samples(before timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '800ms'
    AS $$
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
COMMENT ON FUNCTION public.purge_earlier_samples(before timestamp with time zone) IS 'Takes away what is older of the samples that are in no partition of a month; how many went.';
CREATE FUNCTION public.raise_fence() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'SM403';
end
$$;
CREATE FUNCTION public.renew_permits(own public.modem_group, journal uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.round_exact(numerator numeric, denominator numeric, method text, scale numeric, quantum numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((sign(numerator) * quantum) * CASE method WHEN 'down'::text THEN div((abs(numerator) * scale), denominator) WHEN 'half_up'::text THEN div(((((2)::numeric * abs(numerator)) * scale) + denominator), ((2)::numeric * denominator)) ELSE (div((abs(numerator) * scale), denominator) + (((mod((abs(numerator) * scale), denominator) > (0)::numeric))::integer)::numeric) END);
CREATE FUNCTION public.sample_months_since() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO ''
    SET "TimeZone" TO 'UTC'
    AS $$
  select substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz
  from pg_catalog.pg_class as c
  where c.oid = 'public.modem_sample_earlier'::regclass
$$;
COMMENT ON FUNCTION public.sample_months_since() IS 'From when on samples are in partitions of a month.';
CREATE FUNCTION public.segment_moves_to(old public.message_state, kind text, own boolean, current boolean, resend boolean) RETURNS public.message_state
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case
    when kind in ('sent', 'delivered', 'undelivered') and (
      old is null or old in ('planned', 'uncertain') or old = 'sent' and kind <> 'sent'
    ) then kind
    when kind = 'failed' and (
      (old is null or old = 'planned') and (own or current) or old = 'uncertain' and own
    ) then 'failed'
    when kind in ('not_sent', 'retryable') and (
      (old is null or old = 'planned') and (own or current) or old = 'uncertain' and own
    ) then 'planned'
    when kind = 'uncertain' and (old is null or old = 'planned') and (own or current)
      then case when resend then 'planned' else 'uncertain' end
  end::public.message_state
$$;
CREATE FUNCTION public.settle_messages(month date, ids bigint[], to_retry bigint[] DEFAULT '{}'::bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
begin
  with parts as materialized (
    select
      m.message_id,
      m.state as state_now,
      m.campaign_id,
      m.msisdn,
      m.attempts + (m.message_id = any(to_retry))::integer as attempts,
      m.segments - s.known as unknown,
      m.segments - case when m.state = 'leased' then s.settled else s.known end as to_come,
      s.*
    from public.message as m
    -- One look-up by the key per message, whatever the planner believes of a new partition.
    cross join lateral (
      select
        count(*) as known,
        count(*) filter (where s.state <> 'planned' or s.batch_id = m.batch_id) as settled,
        bool_or(s.state = 'failed') as failed,
        bool_or(s.state = 'uncertain') as uncertain,
        bool_or(s.state = 'written_off') as written_off,
        bool_or(s.state = 'planned') as planned,
        bool_or(s.state = 'undelivered') as undelivered,
        bool_or(s.state = 'sent') as sent,
        max(s.submitted_at) as submitted_at,
        max(s.error) filter (where s.state in ('failed', 'planned', 'undelivered')) as error
      from public.segment as s
      where s.activation_month = month and s.message_id = m.message_id
    ) as s
    where
      m.activation_month = month and m.message_id = any(ids)
      and m.state in ('planned', 'leased', 'sent', 'uncertain')
      and s.known > 0
  ),
  judged as materialized (
    select
      p.*,
      case
        when p.failed then 'failed'
        when p.state_now = 'leased' and p.to_come > 0 then 'leased'
        when p.uncertain then 'uncertain'
        when p.written_off then 'written_off'
        when p.planned or p.unknown > 0 then case
          when c.state in ('cancelled', 'expired') then c.state::text
          when c.expire_at <= now() then 'expired'
          when p.attempts >= 5 then 'failed'
          when o.stopped then 'skipped'
          else 'planned'
        end
        when p.undelivered then 'undelivered'
        when p.sent then 'sent'
        else 'delivered'
      end::public.message_state as state_next
    from parts as p
    join public.campaign as c on c.campaign_id = p.campaign_id
    left join lateral (
      select true as stopped from public.opt_out as o
      where
        o.msisdn = p.msisdn and (o.client_id is null or o.client_id = c.client_id)
        and (p.planned or p.unknown > 0)
      limit 1
    ) as o on true
  )
  update public.message as m set
    state = j.state_next,
    attempts = j.attempts,
    reason = case
      when j.state_next = 'skipped' then 'opted_out'
      when j.state_next in ('failed', 'undelivered', 'planned') then j.error
    end,
    batch_id = case when j.state_next not in ('planned', 'skipped') then m.batch_id end,
    first_seq = case when j.state_next not in ('planned', 'skipped') then m.first_seq end,
    not_before = case
      when j.state_next = 'planned' and m.message_id = any(to_retry)
        then now() + interval '5 seconds' * power(3, j.attempts - 1)
      when j.state_next = 'planned' then m.not_before
    end,
    sent_at = case
      when j.state_next in ('sent', 'delivered', 'undelivered')
        then coalesce(m.sent_at, j.submitted_at, now())
      else m.sent_at
    end,
    final_at = case
      when j.state_next not in ('planned', 'leased', 'sent', 'uncertain') then now()
    end
  from judged as j
  where
    m.activation_month = month and m.message_id = j.message_id
    and (j.state_next <> j.state_now or j.attempts <> m.attempts);
end
$$;
COMMENT ON FUNCTION public.settle_messages(month date, ids bigint[], to_retry bigint[]) IS 'Gives messages the state of their worst part; those in to_retry count one attempt more and wait before the next.';
CREATE FUNCTION public.stable_expression(column_name text, actual text, wanted text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
select case
  when actual is null then format('null::%s', wanted)
  when actual = wanted then format('t.%I', column_name)
  when wanted = 'text' then format('t.%I::text', column_name)
  when wanted = 'bigint' then format(
    'case when t.%1$I::text ~ ''^[+-]?[0-9]{1,18}$'' then t.%1$I::bigint end', column_name)
  else format('case when pg_input_is_valid(t.%1$I::text, %2$L) then t.%1$I::text::%2$s end', column_name, wanted)
end
$_$;
CREATE FUNCTION public.stop_word(message text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
  select case
    when plain.text ~ '^[^A-Z0-9]*(STOP+|ARRETE?R?|DESABONNE[RZ]?|DESABONNEMENT|UNSUBSCRIBE)([^A-Z]|$)'
      then 'opt_out'
    when plain.text ~ '(STOP|ARRET|DESABONN|UNSUBSCRIBE)' then 'review'
  end
  from (
    select pg_catalog.regexp_replace(
      pg_catalog.upper(normalize(message, nfkd)), '[\u0300-\u036f]', '', 'g'
    ) as text
  ) as plain
$_$;
CREATE FUNCTION public.take_modems(own_group bigint, modems jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION public.take_results(own public.modem_group, host_epoch bigint, results jsonb, round integer, OUT known integer, OUT conflicts integer) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  wanted_round integer := round;
  month date;
  ids bigint[];
  to_retry bigint[];
  counts jsonb;
begin
  with input as materialized (
    select
      r.batch_id, r.message_id, r.part, r.attempt_id, r.kind,
      r.imei, r.imsi, r.reference, r.error_code, r.error,
      -- The clock of a host may be quite wrong; what it says happened all the same.
      case when r.at between '2020-01-01' and now() + interval '1 day' then r.at end as at,
      row_number() over (partition by r.batch_id, r.message_id, r.part order by r.place) as round
    from rows from (
      jsonb_to_recordset(results) as (
        batch_id bigint, message_id bigint, part smallint, attempt_id uuid, kind text,
        imei text, imsi text, reference smallint, error_code integer, error text, at timestamptz
      )
    ) with ordinality as r (
      batch_id, message_id, part, attempt_id, kind,
      imei, imsi, reference, error_code, error, at, place
    )
  ),
  given as (
    select b.batch_id, b.activation_month, b.campaign_id, b.state = 'leased' as leased, g.message_id
    from public.send_batch as b cross join unnest(b.leased_messages) as g (message_id)
    where b.group_id = own.group_id and b.batch_id in (select i.batch_id from input as i)
  ),
  facts as materialized (
    select
      i.*,
      g.activation_month,
      earlier.n = 0 as first_result,
      s.state as old,
      coalesce(s.attempt_id = i.attempt_id, false) as own_attempt,
      m.state as message_state,
      public.segment_moves_to(
        s.state,
        i.kind,
        coalesce(s.attempt_id = i.attempt_id, false),
        g.leased and m.batch_id = i.batch_id and m.state = 'leased',
        i.kind = 'uncertain' and (
          select c.on_uncertain = 'resend' from public.campaign as c
          where c.campaign_id = g.campaign_id
        )
      ) as next
    from input as i
    join given as g on g.batch_id = i.batch_id and g.message_id = i.message_id
    -- Look-ups by the key, one a report, whatever the planner believes of a new partition.
    cross join lateral (
      select m.state, m.batch_id, m.segments from public.message as m
      where m.activation_month = g.activation_month and m.message_id = i.message_id
      offset 0
    ) as m
    left join lateral (
      select s.state, s.attempt_id from public.segment as s
      where
        s.activation_month = g.activation_month and s.message_id = i.message_id
        and s.part = i.part
      offset 0
    ) as s on true
    cross join lateral (
      select count(*) as n from public.attempt as a
      where
        s.state is not null
        and a.activation_month = g.activation_month and a.message_id = i.message_id
        and a.part = i.part and a.batch_id = i.batch_id
        and a.kind not in ('delivered', 'undelivered')
    ) as earlier
    where i.round = wanted_round and i.part between 1 and m.segments
  ),
  added as (
    insert into public.attempt (
      activation_month, message_id, part, attempt_id, kind, group_id, batch_id, epoch,
      imei, imsi, reference, error_code, error, host_at, conflict
    )
    select
      f.activation_month, f.message_id, f.part, f.attempt_id, f.kind, own.group_id, f.batch_id,
      host_epoch, f.imei, f.imsi, f.reference, f.error_code, f.error, f.at,
      case
        when f.message_state in ('cancelled', 'expired', 'skipped')
          then f.kind in ('sent', 'delivered', 'undelivered')
        when f.next is not null or f.old is null or f.kind = 'uncertain' then false
        when f.kind in ('not_sent', 'retryable')
          then f.own_attempt and f.old not in ('planned', 'uncertain')
        when f.kind = 'sent'
          then not (f.own_attempt and f.old in ('sent', 'delivered', 'undelivered'))
        else f.old::text <> f.kind
      end
    from facts as f
    on conflict do nothing
    returning message_id, part, attempt_id, kind, conflict
  ),
  fresh as materialized (
    select f.*, a.conflict
    from facts as f
    join added as a
      on a.message_id = f.message_id and a.part = f.part
      and a.attempt_id = f.attempt_id and a.kind = f.kind
  ),
  moved as (
    insert into public.segment as s (
      activation_month, message_id, part, state, group_id, batch_id, attempt_id, imei, imsi,
      reference, error_code, error, submitted_at, reported_at
    )
    select
      f.activation_month, f.message_id, f.part, f.next, own.group_id, f.batch_id, f.attempt_id,
      f.imei, f.imsi, f.reference, f.error_code, f.error,
      case when f.kind = 'sent' then f.at end,
      case when f.kind in ('delivered', 'undelivered') then f.at end
    from fresh as f where f.next is not null
    order by f.message_id, f.part
    on conflict (activation_month, message_id, part) do update set
    state = excluded.state,
    group_id = excluded.group_id,
    batch_id = excluded.batch_id,
    attempt_id = excluded.attempt_id,
    imei = coalesce(excluded.imei, s.imei),
    imsi = coalesce(excluded.imsi, s.imsi),
    reference = coalesce(excluded.reference, s.reference),
    error_code = excluded.error_code,
    error = excluded.error,
    submitted_at = coalesce(excluded.submitted_at, s.submitted_at),
    reported_at = coalesce(excluded.reported_at, s.reported_at),
    updated_at = now()
  ),
  closed as (
    -- Segments that have their first result under this lease.
    select f.batch_id, count(*) as n
    from fresh as f
    where f.kind not in ('delivered', 'undelivered') and f.first_result
    group by f.batch_id
  )
  select
    (select count(*) from facts),
    (select count(*) from fresh as f where f.conflict),
    (
      select jsonb_object_agg(x.activation_month, x.ids) from (
        select f.activation_month, jsonb_agg(distinct f.message_id) as ids
        from fresh as f where f.next is not null group by f.activation_month
      ) as x
    ),
    (
      select array_agg(distinct f.message_id) from fresh as f
      where f.next = 'planned' and f.kind in ('retryable', 'uncertain')
    ),
    (select jsonb_object_agg(c.batch_id, c.n) from closed as c)
  into known, conflicts, results, to_retry, counts;
  for month, ids in
    select e.key::date, array(select jsonb_array_elements_text(e.value)::bigint)
    from jsonb_each(results) as e
  loop
    perform public.settle_messages(month, ids, coalesce(to_retry, '{}'));
  end loop;
  update public.send_batch as b set reported = least(b.reported + e.value::integer, b.leased_segments)
  from jsonb_each_text(counts) as e
  where b.batch_id = e.key::bigint;
end
$$;
CREATE FUNCTION public.tell_rating(document jsonb, rate_index integer, charged integer, next_index integer, next_charged integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (rate_index IS NULL) THEN '{"rate": null, "pieces": [], "connect_fee": "0"}'::jsonb ELSE (SELECT jsonb_build_object('rate', min(p.name) FILTER (WHERE (p.part = 1)), 'connect_fee', CASE WHEN (tell_rating.charged < 0) THEN '0'::text ELSE (trim_scale(min(p.fee) FILTER (WHERE (p.part = 1))))::text END, 'pieces', COALESCE(jsonb_agg(jsonb_build_object('rate', p.name, 'from_second', p.from_second, 'seconds', p.seconds, 'price', (trim_scale(round(p.price, 12)))::text, 'per', p.per, 'amount', (trim_scale(public.round_exact((p.price * (p.seconds)::numeric), (p.per)::numeric, 'half_up'::text, '1000000000000'::numeric, 0.000000000001)))::text) ORDER BY p.part) FILTER (WHERE (p.seconds > 0)), '[]'::jsonb)) AS jsonb_build_object FROM (SELECT k.part, k.seconds, COALESCE((r.rate ->> 'name'::text), (('rates['::text || k.index) || ']'::text)) AS name, COALESCE(((r.rate ->> 'connect_fee'::text))::numeric, (0)::numeric) AS fee, ((r.rate #>> '{steps,-1,price}'::text[]))::numeric AS price, ((r.rate #>> '{steps,-1,per}'::text[]))::integer AS per, CASE k.part WHEN 1 THEN f.first ELSE (f.first + tell_rating.charged) END AS from_second FROM (((VALUES (1,tell_rating.rate_index,tell_rating.charged), (2,tell_rating.next_index,tell_rating.next_charged)) k(part, index, seconds) CROSS JOIN LATERAL (SELECT (tell_rating.document #> ARRAY['rates'::text, (k.index)::text]) AS rate) r) CROSS JOIN LATERAL (SELECT GREATEST(COALESCE(((tell_rating.document #>> ARRAY['rates'::text, (tell_rating.rate_index)::text, 'included_seconds'::text]))::integer, 0), ((tell_rating.document #>> ARRAY['rates'::text, (tell_rating.rate_index)::text, 'steps'::text, '-1'::text, 'from'::text]))::integer) AS first) f) WHERE (k.index IS NOT NULL)) p) END;
CREATE FUNCTION public.unmasking_open() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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
CREATE FUNCTION public.upload_stays_with_its_contacts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if exists (select from contact where upload_id in (select upload_id from gone)) then
    raise foreign_key_violation using message = 'an upload that contacts came from stays';
  end if;
  return null;
end $$;
COMMENT ON FUNCTION public.upload_stays_with_its_contacts() IS 'On delete restrict, once for each statement.';
CREATE FUNCTION public.wake_by_batches() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform public.wake_group(w.group_id)
  from (select distinct changed.group_id from changed where changed.state in ('planned', 'leased')) as w;
  return null;
end
$$;
CREATE FUNCTION public.wake_by_campaign() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform public.wake_group(w.group_id)
  from (
    select distinct b.group_id from public.send_batch as b
    where b.campaign_id = new.campaign_id and b.state in ('planned', 'leased')
  ) as w;
  return null;
end
$$;
CREATE FUNCTION public.wake_by_group() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform public.wake_group(new.group_id);
  return null;
end
$$;
CREATE FUNCTION public.wake_by_one_batch() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform public.wake_group(new.group_id);
  return null;
end
$$;
CREATE FUNCTION public.wake_group(group_id bigint) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select pg_catalog.pg_notify(public.host_channel(group_id), '')
$$;
COMMENT ON FUNCTION public.wake_group(group_id bigint) IS 'Has a group''s host ask at once for work and revocations. New batches, and changes of the state of a group, campaign or batch, do it by themselves.';
CREATE FUNCTION public.write_off_fence(wanted text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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
CREATE TABLE public.alert (
    alert_id bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    raised_at timestamp with time zone DEFAULT now() NOT NULL,
    over_at timestamp with time zone
);
COMMENT ON TABLE public.alert IS 'Something a person should look at; at most one open per kind and subject.';
ALTER TABLE public.alert ALTER COLUMN alert_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.alert_delivery (
    delivery_id bigint NOT NULL,
    alert_id bigint NOT NULL,
    news text NOT NULL,
    receiver text NOT NULL,
    language text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    last_error text,
    sent_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT alert_delivery_language_check CHECK ((language = ANY (ARRAY['fr'::text, 'en'::text]))),
    CONSTRAINT alert_delivery_news_check CHECK ((news = ANY (ARRAY['raised'::text, 'over'::text])))
);
COMMENT ON TABLE public.alert_delivery IS 'Each news of an alert for each receiver, once; it waits here until a mail server or a webhook has taken it.';
COMMENT ON COLUMN public.alert_delivery.receiver IS 'A mail address, or the http(s) address of a webhook.';
COMMENT ON COLUMN public.alert_delivery.last_error IS 'Why the last attempt failed; the next one is at next_at.';
ALTER TABLE public.alert_delivery ALTER COLUMN delivery_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_delivery_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.attempt (
    activation_month date NOT NULL,
    message_id bigint NOT NULL,
    part smallint NOT NULL,
    attempt_id uuid NOT NULL,
    kind text NOT NULL,
    group_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    epoch bigint NOT NULL,
    imei text,
    imsi text,
    reference smallint,
    error_code integer,
    error text,
    host_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    conflict boolean DEFAULT false NOT NULL,
    CONSTRAINT attempt_kind_check CHECK ((kind = ANY (ARRAY['sent'::text, 'failed'::text, 'retryable'::text, 'not_sent'::text, 'uncertain'::text, 'delivered'::text, 'undelivered'::text])))
)
PARTITION BY RANGE (activation_month);
COMMENT ON TABLE public.attempt IS 'Every report of every host, kept as evidence; the key makes a repeated report a no-op.';
COMMENT ON COLUMN public.attempt.conflict IS 'It contradicted a terminal state, which was kept.';
CREATE TABLE public.audit_entry (
    entry_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    hash bytea
);
COMMENT ON TABLE public.audit_entry IS 'Who did what. Each hash covers the row and the hash before it, so that a missing or changed row shows.';
ALTER TABLE public.audit_entry ALTER COLUMN entry_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_entry_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.call_type (
    code smallint NOT NULL,
    name text NOT NULL,
    direction text NOT NULL,
    label_fr text NOT NULL,
    CONSTRAINT call_type_direction_check CHECK ((direction = ANY (ARRAY['outgoing'::text, 'incoming'::text, 'local'::text, 'unspecified'::text])))
);
COMMENT ON TABLE public.call_type IS 'The kinds of calls by the number that a ticket gives, and their direction.';
CREATE TABLE public.campaign (
    campaign_id bigint NOT NULL,
    client_id bigint NOT NULL,
    name text NOT NULL,
    list_id bigint,
    state public.campaign_state DEFAULT 'draft'::public.campaign_state NOT NULL,
    reason text,
    purpose text NOT NULL,
    spec jsonb NOT NULL,
    on_uncertain text DEFAULT 'hold'::text NOT NULL,
    activation_month date,
    activated_at timestamp with time zone,
    start_at timestamp with time zone,
    expire_at timestamp with time zone,
    window_from timestamp with time zone,
    window_until timestamp with time zone,
    expanded_at timestamp with time zone,
    finished_at timestamp with time zone,
    paused_from public.campaign_state,
    exemption jsonb,
    approved_by text,
    upload_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT campaign_activation_month_check CHECK ((activation_month = date_trunc('month'::text, (activation_month)::timestamp with time zone))),
    CONSTRAINT campaign_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT campaign_on_uncertain_check CHECK ((on_uncertain = ANY (ARRAY['hold'::text, 'resend'::text]))),
    CONSTRAINT campaign_purpose_check CHECK ((purpose = ANY (ARRAY['marketing'::text, 'transactional'::text])))
);
COMMENT ON TABLE public.campaign IS 'A text for the people of a list, from its file to its end.';
COMMENT ON COLUMN public.campaign.reason IS 'Why it is in its state, where the state alone does not say.';
COMMENT ON COLUMN public.campaign.spec IS 'The campaign file as last accepted; frozen once expansion has begun.';
COMMENT ON COLUMN public.campaign.activation_month IS 'First day of the month of activation: the partition of all its messages.';
COMMENT ON COLUMN public.campaign.window_from IS 'Its next sending window, kept up to date by expansion: no message may be claimed before window_from nor after window_until; null = any hour.';
COMMENT ON COLUMN public.campaign.exemption IS 'Why an administrator let a marketing campaign pass the compliance profile: {"ground", "by", "at"}.';
COMMENT ON COLUMN public.campaign.approved_by IS 'Who approved a cost above the client''s limit.';
CREATE TABLE public.campaign_archive (
    campaign_id bigint NOT NULL,
    state public.message_state NOT NULL,
    reason text,
    messages bigint NOT NULL,
    segments bigint NOT NULL,
    price numeric NOT NULL
);
COMMENT ON TABLE public.campaign_archive IS 'What became of the messages of months that retention has dropped: numbers only, no person.';
ALTER TABLE public.campaign ALTER COLUMN campaign_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.campaign_campaign_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE SEQUENCE public.message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.message (
    activation_month date NOT NULL,
    message_id bigint DEFAULT nextval('public.message_id_seq'::regclass) NOT NULL,
    campaign_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    msisdn text NOT NULL,
    text text,
    variant text,
    text_md5 uuid GENERATED ALWAYS AS ((md5(text))::uuid) STORED,
    encoding text,
    segments smallint DEFAULT 0 NOT NULL,
    price numeric(10,4) DEFAULT 0 NOT NULL,
    state public.message_state DEFAULT 'planned'::public.message_state NOT NULL,
    reason text,
    batch_id bigint,
    first_seq integer,
    attempts smallint DEFAULT 0 NOT NULL,
    not_before timestamp with time zone,
    settled boolean DEFAULT false NOT NULL,
    sent_at timestamp with time zone,
    final_at timestamp with time zone,
    CONSTRAINT message_check CHECK (((state = 'skipped'::public.message_state) OR ((text IS NOT NULL) AND (segments > 0)))),
    CONSTRAINT message_encoding_check CHECK ((encoding = ANY (ARRAY['gsm7'::text, 'ucs2'::text]))),
    CONSTRAINT message_segments_check CHECK (((segments >= 0) AND (segments <= 8)))
)
PARTITION BY RANGE (activation_month);
COMMENT ON TABLE public.message IS 'One contact of one campaign. Its state is that of its worst segment.';
COMMENT ON COLUMN public.message.variant IS 'Which of the campaign''s texts it got, where there are several.';
COMMENT ON COLUMN public.message.text_md5 IS 'Fingerprint of the text as planned: shows that what was sent is what was planned.';
COMMENT ON COLUMN public.message.price IS 'Of the whole message, EUR net of VAT, held in the ledger from activation on.';
COMMENT ON COLUMN public.message.reason IS 'skipped: opted_out, missing_variable, too_many_parts, …; failed: the network''s error.';
COMMENT ON COLUMN public.message.first_seq IS 'Place of its first segment in its batch, from 1, numbered at the claim; the others still to be sent follow.';
COMMENT ON COLUMN public.message.settled IS 'Its price has been captured or released in the ledger.';
CREATE VIEW public.campaign_count AS
 SELECT message.campaign_id,
    message.state,
    message.reason,
    count(*) AS messages,
    sum(message.segments) AS segments,
    sum(message.price) AS price
   FROM public.message
  GROUP BY message.campaign_id, message.state, message.reason
UNION ALL
 SELECT campaign_archive.campaign_id,
    campaign_archive.state,
    campaign_archive.reason,
    campaign_archive.messages,
    campaign_archive.segments,
    campaign_archive.price
   FROM public.campaign_archive;
COMMENT ON VIEW public.campaign_count IS 'Messages of each campaign by state; for skipped and failed also by reason.';
CREATE TABLE public.campaign_region (
    campaign_id bigint NOT NULL,
    region text NOT NULL,
    window_from timestamp with time zone NOT NULL,
    window_until timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.campaign_region IS 'The next sending window of a campaign in a region other than home, kept up to date by expansion.';
COMMENT ON COLUMN public.campaign_region.window_from IS 'No message of such a batch may be claimed before window_from nor after window_until; infinity = never again.';
CREATE TABLE public.campaign_tally (
    campaign_id bigint NOT NULL,
    counts jsonb NOT NULL,
    cost numeric NOT NULL,
    segments bigint NOT NULL
);
COMMENT ON TABLE public.campaign_tally IS 'What campaigns that ended more than a day ago came to, as the hourly pass over the clients'' pages last counted it.';
COMMENT ON COLUMN public.campaign_tally.counts IS 'Messages by state.';
COMMENT ON COLUMN public.campaign_tally.cost IS 'Of the messages that were sent, EUR net of VAT; segments likewise.';
CREATE TABLE public.client (
    client_id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    language text DEFAULT 'fr'::text NOT NULL,
    tariff text DEFAULT 'default'::text NOT NULL,
    approve_above numeric(14,4),
    completion text DEFAULT 'stable'::text NOT NULL,
    auto_confirm text DEFAULT 'never'::text NOT NULL,
    max_columns smallint DEFAULT 5 NOT NULL,
    max_reject_ratio numeric(4,3) DEFAULT 0.2 NOT NULL,
    quote_required boolean DEFAULT false NOT NULL,
    alert_address text,
    low_credit numeric(14,4) DEFAULT 10 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    holidays text DEFAULT 'national'::text NOT NULL,
    formula_like_text text DEFAULT 'accept'::text NOT NULL,
    CONSTRAINT client_approve_above_check CHECK ((approve_above >= (0)::numeric)),
    CONSTRAINT client_auto_confirm_check CHECK ((auto_confirm = ANY (ARRAY['never'::text, 'high_confidence'::text]))),
    CONSTRAINT client_code_check CHECK ((code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT client_completion_check CHECK ((completion = ANY (ARRAY['stable'::text, 'marker'::text]))),
    CONSTRAINT client_formula_like_text_check CHECK ((formula_like_text = ANY (ARRAY['accept'::text, 'reject'::text]))),
    CONSTRAINT client_holidays_check CHECK ((holidays ~ '^[a-z_]+$'::text)),
    CONSTRAINT client_language_check CHECK ((language = ANY (ARRAY['fr'::text, 'en'::text]))),
    CONSTRAINT client_max_columns_check CHECK (((max_columns >= 1) AND (max_columns <= 64))),
    CONSTRAINT client_max_reject_ratio_check CHECK (((max_reject_ratio >= (0)::numeric) AND (max_reject_ratio <= (1)::numeric)))
);
COMMENT ON TABLE public.client IS 'Who drops files and pays. Its code is its prefix in the bucket.';
COMMENT ON COLUMN public.client.approve_above IS 'A campaign that costs more waits for a person; null = no limit.';
COMMENT ON COLUMN public.client.completion IS 'When a drop is complete: unchanged in two scans, or marked by a .ok file.';
COMMENT ON COLUMN public.client.quote_required IS 'Activation must cite the quote that it accepts.';
COMMENT ON COLUMN public.client.holidays IS 'Which public holidays its recipients at home have: a key of client_calendars in include/campaigns/compliance.yaml.';
COMMENT ON COLUMN public.client.formula_like_text IS 'What becomes of rows with a text that a spreadsheet would take for a formula.';
CREATE VIEW public.client_balance AS
SELECT
    NULL::bigint AS client_id,
    NULL::text AS code,
    NULL::numeric(14,4) AS balance,
    NULL::numeric(14,4) AS held;
ALTER TABLE public.client ALTER COLUMN client_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.client_client_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.client_identity (
    client_id bigint NOT NULL,
    legal_name text NOT NULL,
    siren text,
    vat_number text,
    address text NOT NULL,
    postcode text NOT NULL,
    city text NOT NULL,
    country text DEFAULT 'FR'::text NOT NULL,
    email text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT client_identity_check CHECK (((country <> 'FR'::text) OR (siren IS NOT NULL))),
    CONSTRAINT client_identity_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT client_identity_legal_name_check CHECK ((legal_name <> ''::text)),
    CONSTRAINT client_identity_siren_check CHECK ((siren ~ '^[0-9]{9}$'::text)),
    CONSTRAINT client_identity_vat_number_check CHECK ((vat_number ~ '^[A-Z]{2}[0-9A-Z]{2,13}$'::text))
);
COMMENT ON TABLE public.client_identity IS 'Who a client is in law, as its invoices name it.';
COMMENT ON COLUMN public.client_identity.siren IS 'Of a French company: nine digits; required on invoices between firms.';
CREATE TABLE public.client_page (
    client_id bigint NOT NULL,
    page text NOT NULL,
    digest text NOT NULL,
    written_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.client_page IS 'What each page of an outbox last said, so that an unchanged one is not written again.';
COMMENT ON COLUMN public.client_page.page IS 'home, or campaign:<name>.';
COMMENT ON COLUMN public.client_page.digest IS 'sha256 of the figures that the page shows.';
CREATE TABLE public.column_alias (
    source_name text NOT NULL,
    column_name text NOT NULL,
    CONSTRAINT column_alias_column_name_check CHECK ((column_name = lower(column_name))),
    CONSTRAINT column_alias_source_name_check CHECK ((source_name = lower(source_name)))
);
COMMENT ON TABLE public.column_alias IS 'Fields that a release renamed: the old name as PostgreSQL folds it, and the column it goes to.';
CREATE TABLE public.contact (
    contact_id bigint NOT NULL,
    list_id bigint NOT NULL,
    msisdn text NOT NULL,
    first_name text,
    last_name text,
    variable1 text,
    variable2 text,
    variables jsonb,
    upload_id bigint NOT NULL,
    row_number integer NOT NULL,
    consent jsonb,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT contact_msisdn_check CHECK ((((octet_length(msisdn) >= 8) AND (octet_length(msisdn) <= 16)) AND (rtrim(textsend(msisdn), '\x30313233343536373839'::bytea) = '\x2b'::bytea) AND (substr(msisdn, 2, 1) <> '0'::text)))
);
COMMENT ON TABLE public.contact IS 'A person in a contact list: a number, and what a text may say of its owner.';
COMMENT ON COLUMN public.contact.contact_id IS 'Drawn by the table alone, so never twice. Nothing is looked for by it.';
COMMENT ON COLUMN public.contact.row_number IS 'Row of the file it came from, as Excel shows it.';
ALTER TABLE public.contact ALTER COLUMN contact_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_contact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1000
);
CREATE TABLE public.contact_list (
    list_id bigint NOT NULL,
    client_id bigint NOT NULL,
    name text NOT NULL,
    label text,
    variables text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT contact_list_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);
COMMENT ON TABLE public.contact_list IS 'A client''s list of people, the 2012 « base »: named when it is dropped, written to by campaigns.';
COMMENT ON COLUMN public.contact_list.variables IS 'Names that a text may use beyond the fixed ones: the var_<name> columns loaded so far.';
ALTER TABLE public.contact_list ALTER COLUMN list_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_list_list_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.cost_centre (
    code text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    name text DEFAULT ''::text NOT NULL,
    company text,
    CONSTRAINT cost_centre_check CHECK ((valid_to >= valid_from)),
    CONSTRAINT cost_centre_code_check CHECK ((code <> ''::text))
);
COMMENT ON TABLE public.cost_centre IS 'The cost centres, each from a day on until its own end or the next entry of the same code.';
CREATE VIEW public.cost_centre_span AS
 SELECT code,
    name,
    company,
    valid_from,
    LEAST(valid_to, (lead(valid_from) OVER (PARTITION BY code ORDER BY valid_from) - 1)) AS valid_to
   FROM public.cost_centre;
CREATE TABLE public.drop_sighting (
    client_id bigint NOT NULL,
    key text NOT NULL,
    size bigint NOT NULL,
    version text NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    same_since timestamp with time zone DEFAULT now() NOT NULL,
    upload_id bigint
);
COMMENT ON TABLE public.drop_sighting IS 'What the last scan saw in an inbox: tells a file that still grows from one that is complete.';
COMMENT ON COLUMN public.drop_sighting.version IS 'Modification time or ETag of the object, as text.';
COMMENT ON COLUMN public.drop_sighting.upload_id IS 'The upload that was registered for exactly this version; null = not yet complete.';
CREATE TABLE public.duplicate_ticket (
    ticket_id bigint NOT NULL
);
COMMENT ON TABLE public.duplicate_ticket IS 'Tickets whose content another row holds too; of each, the lowest (sha256, line) is not in here.';
CREATE TABLE public.inbound_message (
    inbound_id bigint NOT NULL,
    group_id bigint NOT NULL,
    journal_id uuid NOT NULL,
    host_key text NOT NULL,
    imei text NOT NULL,
    sender text NOT NULL,
    text text NOT NULL,
    sent_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    opt_out boolean DEFAULT false NOT NULL,
    review boolean DEFAULT false NOT NULL
);
COMMENT ON TABLE public.inbound_message IS 'What people wrote back to a modem.';
COMMENT ON COLUMN public.inbound_message.host_key IS 'The host''s own key of it: reporting it twice changes nothing.';
COMMENT ON COLUMN public.inbound_message.review IS 'It may be a wish to be left alone, but not in the words we know: a person should read it.';
ALTER TABLE public.inbound_message ALTER COLUMN inbound_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inbound_message_inbound_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.invoice (
    invoice_id bigint NOT NULL,
    number text NOT NULL,
    kind public.invoice_kind NOT NULL,
    sequence bigint NOT NULL,
    client_id bigint NOT NULL,
    period date NOT NULL,
    revision smallint DEFAULT 1 NOT NULL,
    corrects bigint,
    issued_on date NOT NULL,
    due_on date NOT NULL,
    net numeric(14,2) NOT NULL,
    vat numeric(14,2) NOT NULL,
    gross numeric(14,2) NOT NULL,
    prepaid numeric(14,2) NOT NULL,
    payable numeric(14,2) NOT NULL,
    document jsonb NOT NULL,
    issued_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT invoice_check CHECK ((due_on >= issued_on)),
    CONSTRAINT invoice_check1 CHECK (((kind = 'credit_note'::public.invoice_kind) = (corrects IS NOT NULL))),
    CONSTRAINT invoice_check2 CHECK ((gross = (net + vat))),
    CONSTRAINT invoice_check3 CHECK ((payable = (gross - prepaid))),
    CONSTRAINT invoice_period_check CHECK ((period = date_trunc('month'::text, (period)::timestamp with time zone))),
    CONSTRAINT invoice_revision_check CHECK ((revision > 0))
);
COMMENT ON TABLE public.invoice IS 'Issued invoices and credit notes: never changed, never deleted.';
COMMENT ON COLUMN public.invoice.period IS 'First day of the month that is invoiced.';
COMMENT ON COLUMN public.invoice.revision IS '2 after the first invoice of the month was cancelled by a credit note, and so on.';
COMMENT ON COLUMN public.invoice.corrects IS 'The invoice that a credit note cancels, whole.';
COMMENT ON COLUMN public.invoice.prepaid IS 'What the prepaid credit has paid already: the SMS, net.';
COMMENT ON COLUMN public.invoice.document IS 'All that PDF and XML show; both can be made again from it.';
CREATE TABLE public.invoice_counter (
    kind public.invoice_kind NOT NULL,
    prefix text NOT NULL,
    last bigint DEFAULT 0 NOT NULL,
    CONSTRAINT invoice_counter_last_check CHECK ((last >= 0)),
    CONSTRAINT invoice_counter_prefix_check CHECK ((prefix ~ '^[A-Z]{1,4}$'::text))
);
COMMENT ON TABLE public.invoice_counter IS 'The last number of each series. Its row is the lock: a number belongs to the transaction that issues.';
ALTER TABLE public.invoice ALTER COLUMN invoice_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.invoice_invoice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.invoice_line (
    invoice_id bigint NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    month date NOT NULL,
    item text NOT NULL,
    unit_price numeric,
    quantity numeric NOT NULL,
    times bigint NOT NULL,
    seconds bigint NOT NULL,
    exact numeric NOT NULL,
    vat_percent numeric(5,2) NOT NULL,
    net numeric(14,2) NOT NULL,
    CONSTRAINT invoice_line_kind_check CHECK ((kind = ANY (ARRAY['sms'::text, 'calls'::text]))),
    CONSTRAINT invoice_line_month_check CHECK ((month = date_trunc('month'::text, (month)::timestamp with time zone))),
    CONSTRAINT invoice_line_position_check CHECK (("position" > 0))
);
COMMENT ON TABLE public.invoice_line IS 'What was invoiced, by campaign and by cost centre. What is consumed less what stands here is still to be invoiced.';
COMMENT ON COLUMN public.invoice_line.month IS 'In which it was consumed: an earlier one where it became known late.';
COMMENT ON COLUMN public.invoice_line.item IS 'A campaign; a cost centre, '''' for none.';
COMMENT ON COLUMN public.invoice_line.quantity IS 'SMS (segments), or calls.';
COMMENT ON COLUMN public.invoice_line.times IS 'Messages, or calls.';
COMMENT ON COLUMN public.invoice_line.exact IS 'The amount before it was rounded to cents, net.';
CREATE TABLE public.ledger_entry (
    entry_id bigint NOT NULL,
    client_id bigint NOT NULL,
    kind public.ledger_kind NOT NULL,
    amount numeric(14,4) NOT NULL,
    held numeric(14,4) DEFAULT 0 NOT NULL,
    campaign_id bigint,
    note text,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ledger_entry_check CHECK (
CASE kind
    WHEN 'topup'::public.ledger_kind THEN ((amount > (0)::numeric) AND (held = (0)::numeric))
    WHEN 'reserve'::public.ledger_kind THEN ((amount < (0)::numeric) AND (held = (- amount)))
    WHEN 'capture'::public.ledger_kind THEN ((amount = (0)::numeric) AND (held < (0)::numeric))
    WHEN 'release'::public.ledger_kind THEN ((amount > (0)::numeric) AND (held = (- amount)))
    ELSE (held = (0)::numeric)
END)
);
COMMENT ON TABLE public.ledger_entry IS 'Prepaid credit, net of VAT, append-only. Balance = sum(amount); held for campaigns = sum(held).';
COMMENT ON COLUMN public.ledger_entry.amount IS 'Effect on what the client may still spend, EUR.';
COMMENT ON COLUMN public.ledger_entry.held IS 'Effect on what is held for activated campaigns, EUR.';
ALTER TABLE public.ledger_entry ALTER COLUMN entry_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_entry_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.mapping_question (
    upload_id bigint NOT NULL,
    run text,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone
);
COMMENT ON TABLE public.mapping_question IS 'The one question to ops about the columns of an import; Airflow holds the form.';
COMMENT ON COLUMN public.mapping_question.run IS 'Which run of contacts_confirm_mapping asks; null = told, and not yet taken up by a run.';
COMMENT ON COLUMN public.mapping_question.seen_at IS 'Last sign of life of that run; one that gives none for an hour is lost, and another may ask.';
COMMENT ON COLUMN public.mapping_question.closed_at IS 'Left to the client: not asked again by itself.';
CREATE TABLE public.meta_columndesc (
    layout text NOT NULL,
    "position" smallint NOT NULL,
    source_name text NOT NULL,
    column_name text NOT NULL,
    first_col integer NOT NULL,
    last_col integer NOT NULL,
    type text NOT NULL,
    CONSTRAINT meta_columndesc_type_check CHECK ((type = ANY (ARRAY['L'::text, 'N'::text, 'R'::text])))
);
COMMENT ON TABLE public.meta_columndesc IS 'The fields of each layout, and the column of taxdata that takes each.';
CREATE TABLE public.modem (
    group_id bigint NOT NULL,
    imei text NOT NULL,
    port text,
    imsi text,
    iccid text,
    operator_code text,
    operator text,
    sim_state text,
    registration text,
    rssi smallint,
    in_service boolean DEFAULT true NOT NULL,
    out_of_service_reason text,
    sent bigint DEFAULT 0 NOT NULL,
    delivered bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    uncertain bigint DEFAULT 0 NOT NULL,
    last_error text,
    quota jsonb,
    balance text,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT modem_rssi_check CHECK (((rssi >= 0) AND (rssi <= 31)))
);
COMMENT ON TABLE public.modem IS 'A GSM modem as its host last told it, with counts that the roll-up keeps.';
COMMENT ON COLUMN public.modem.sim_state IS 'READY, SIM PIN, … of +CPIN, or the SIM error; registration is the +CREG state.';
COMMENT ON COLUMN public.modem.rssi IS '3GPP TS 27.007 +CSQ, 0..31; null = unknown (99). dBm = -113 + 2 * rssi.';
COMMENT ON COLUMN public.modem.sent IS 'Segments accepted by the network since the first; counts are brought up to date by the roll-up.';
COMMENT ON COLUMN public.modem.quota IS 'What its SIM has sent of what it may, as its host counts: {"today", "per_day", "month", "per_month", "recipients", "recipients_per_month"}; null = no quota.';
COMMENT ON COLUMN public.modem.balance IS 'What the operator answered when last asked for the balance of its SIM.';
ALTER TABLE public.modem_group ALTER COLUMN group_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.modem_group_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.modem_month (
    group_id bigint NOT NULL,
    imei text NOT NULL,
    activation_month date NOT NULL,
    sent bigint NOT NULL,
    delivered bigint NOT NULL,
    failed bigint NOT NULL,
    uncertain bigint NOT NULL
);
COMMENT ON TABLE public.modem_month IS 'Segments of each modem by month of activation: the roll-up counts only the month at hand again, and dropped months stay in a modem''s totals.';
CREATE TABLE public.modem_sample (
    group_id bigint NOT NULL,
    imei text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    rssi smallint,
    operator_code text,
    sim_state text
)
PARTITION BY RANGE (at);
COMMENT ON TABLE public.modem_sample IS 'Signal history, at most one a minute per modem. Partitions: a month each (UTC).';
CREATE TABLE public.modem_sample_earlier (
    group_id bigint NOT NULL,
    imei text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    rssi smallint,
    operator_code text,
    sim_state text
);
COMMENT ON TABLE public.modem_sample_earlier IS 'What was read before the first of the months, or came late for one that has gone.';
CREATE TABLE public.opt_out (
    opt_out_id bigint NOT NULL,
    msisdn text NOT NULL,
    client_id bigint,
    source text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.opt_out IS 'Numbers never to be texted: by STOP, by a blocklist file, by hand. client_id null = for every client.';
ALTER TABLE public.opt_out ALTER COLUMN opt_out_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.opt_out_opt_out_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.org_user (
    pbx text NOT NULL,
    extension text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    person text DEFAULT ''::text NOT NULL,
    cost_centre text,
    company text,
    CONSTRAINT org_user_check CHECK ((valid_to >= valid_from)),
    CONSTRAINT org_user_extension_check CHECK ((extension <> ''::text))
);
COMMENT ON TABLE public.org_user IS 'Who has an extension and where that person belongs, from a day on until the own end or the next entry of the same extension.';
CREATE VIEW public.org_user_span AS
 SELECT pbx,
    extension,
    person,
    cost_centre,
    company,
    valid_from,
    LEAST(valid_to, (lead(valid_from) OVER (PARTITION BY pbx, extension ORDER BY valid_from) - 1)) AS valid_to
   FROM public.org_user;
CREATE TABLE public.organisation_file (
    sha256 text NOT NULL,
    name text NOT NULL,
    imported_at timestamp with time zone DEFAULT now() NOT NULL,
    imported_by text NOT NULL,
    refused text,
    CONSTRAINT organisation_file_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
COMMENT ON TABLE public.organisation_file IS 'Organisation files that were read, by content; refused = why nothing of it was taken.';
CREATE TABLE public.pbx (
    code text NOT NULL,
    client_id bigint,
    timezone text DEFAULT 'Europe/Paris'::text NOT NULL,
    charset text DEFAULT 'cp1252'::text NOT NULL,
    blanks_stripped boolean DEFAULT false NOT NULL,
    policy public.spool_policy DEFAULT 'evolve'::public.spool_policy NOT NULL,
    dial_plan jsonb DEFAULT '{"country": "33", "outside": "", "national": "0", "international": "00"}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pbx_code_check CHECK ((code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);
COMMENT ON TABLE public.pbx IS 'A telephone exchange whose tickets are read. Its code is its folder in the spool.';
COMMENT ON COLUMN public.pbx.client_id IS 'Who pays for its calls, by that client''s tariff; null = the default tariff.';
COMMENT ON COLUMN public.pbx.timezone IS 'Dates of its tickets are local time of this zone.';
COMMENT ON COLUMN public.pbx.blanks_stripped IS 'Its files cut trailing blanks off each record.';
COMMENT ON COLUMN public.pbx.dial_plan IS 'What callers dial before a number: outside line, international, national; and the own country''s code.';
CREATE TABLE public.quote (
    quote_id text NOT NULL,
    campaign_id bigint NOT NULL,
    spec_sha256 text NOT NULL,
    cost numeric(14,4) NOT NULL,
    body jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone DEFAULT (now() + '7 days'::interval) NOT NULL,
    CONSTRAINT quote_quote_id_check CHECK ((quote_id ~ '^quo_[0-9A-Za-z]{8,32}$'::text))
);
COMMENT ON TABLE public.quote IS 'What a campaign would cost as it stands in its file; good for a week.';
CREATE TABLE public.rated_ticket (
    ticket_id bigint NOT NULL,
    tariff_id bigint NOT NULL,
    cost numeric,
    currency text NOT NULL,
    rated boolean GENERATED ALWAYS AS ((cost IS NOT NULL)) STORED,
    reason text,
    explanation jsonb,
    superseded boolean DEFAULT false NOT NULL,
    rated_at timestamp with time zone DEFAULT now() NOT NULL,
    rate_index smallint,
    charged integer,
    next_index smallint,
    next_charged integer,
    CONSTRAINT rated_ticket_check CHECK (((cost IS NULL) = (reason IS NOT NULL)))
)
PARTITION BY RANGE (ticket_id);
COMMENT ON TABLE public.rated_ticket IS 'What a ticket costs under a version of a tariff, or why it has no price. Older versions'' rows stay, superseded. A ticket''s prices go with it: partitions as those of taxdata.';
COMMENT ON COLUMN public.rated_ticket.ticket_id IS 'Of taxdata. No foreign keys: checking them a million times takes longer than the rating.';
COMMENT ON COLUMN public.rated_ticket.tariff_id IS 'Of tariff, whose rows never go.';
COMMENT ON COLUMN public.rated_ticket.explanation IS 'The pieces of a price that does not follow from rate_index and charged; v_rating has the pieces of all.';
COMMENT ON COLUMN public.rated_ticket.rate_index IS 'The rate in force at set-up: its place in the tariff, from 0.';
COMMENT ON COLUMN public.rated_ticket.charged IS 'Seconds charged at it; -1 for a call of 0 s.';
COMMENT ON COLUMN public.rated_ticket.next_index IS 'The rate that the call went on at, with the seconds charged at that one.';
CREATE TABLE public.rated_ticket_0 (
    ticket_id bigint NOT NULL,
    tariff_id bigint NOT NULL,
    cost numeric,
    currency text NOT NULL,
    rated boolean GENERATED ALWAYS AS ((cost IS NOT NULL)) STORED,
    reason text,
    explanation jsonb,
    superseded boolean DEFAULT false NOT NULL,
    rated_at timestamp with time zone DEFAULT now() NOT NULL,
    rate_index smallint,
    charged integer,
    next_index smallint,
    next_charged integer,
    CONSTRAINT rated_ticket_check CHECK (((cost IS NULL) = (reason IS NOT NULL)))
);
COMMENT ON TABLE public.rated_ticket_0 IS 'Their prices.';
COMMENT ON COLUMN public.rated_ticket_0.ticket_id IS 'Of taxdata. No foreign keys: checking them a million times takes longer than the rating.';
COMMENT ON COLUMN public.rated_ticket_0.tariff_id IS 'Of tariff, whose rows never go.';
COMMENT ON COLUMN public.rated_ticket_0.explanation IS 'The pieces of a price that does not follow from rate_index and charged; v_rating has the pieces of all.';
COMMENT ON COLUMN public.rated_ticket_0.rate_index IS 'The rate in force at set-up: its place in the tariff, from 0.';
COMMENT ON COLUMN public.rated_ticket_0.charged IS 'Seconds charged at it; -1 for a call of 0 s.';
COMMENT ON COLUMN public.rated_ticket_0.next_index IS 'The rate that the call went on at, with the seconds charged at that one.';
CREATE TABLE public.rejected_ticket (
    file_id bigint NOT NULL,
    line_number integer NOT NULL,
    reason text NOT NULL,
    column_name text NOT NULL,
    value text NOT NULL
);
COMMENT ON TABLE public.rejected_ticket IS 'Single tickets with a value that cannot be, of files that were loaded.';
CREATE TABLE public.remembered_mapping (
    client_id bigint NOT NULL,
    fingerprint text NOT NULL,
    mapping jsonb NOT NULL,
    import_id text NOT NULL,
    confirmed_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.remembered_mapping IS 'The last mapping that a client confirmed for a header; the next such file needs no question.';
CREATE TABLE public.report_run (
    report text NOT NULL,
    period text NOT NULL,
    language text NOT NULL,
    first_day date NOT NULL,
    outcome text NOT NULL,
    html_key text NOT NULL,
    xlsx_key text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT report_run_language_check CHECK ((language = ANY (ARRAY['fr'::text, 'en'::text]))),
    CONSTRAINT report_run_report_check CHECK ((report ~ '^[RT][0-9]+$'::text))
);
COMMENT ON TABLE public.report_run IS 'The last making of each report for each period; the files lie under the reports'' URL.';
COMMENT ON COLUMN public.report_run.period IS '2026, 2026-11, 2026-11-22 or 2026-11-01..2026-11-15, in the zone of the centre.';
COMMENT ON COLUMN public.report_run.outcome IS 'The sentence that the page begins with.';
CREATE TABLE public.rerating (
    rerating_id bigint NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    tariff text,
    actor text NOT NULL,
    tickets bigint NOT NULL,
    changed bigint NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT rerating_check CHECK ((until >= since))
);
COMMENT ON TABLE public.rerating IS 'Each re-rating: calls from since to until (both included), under the versions that counted at that instant.';
COMMENT ON COLUMN public.rerating.before IS 'The sum of the costs, by currency.';
CREATE TABLE public.rerating_difference (
    rerating_id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    old_tariff_id bigint,
    old_cost numeric,
    old_reason text,
    old_explanation jsonb,
    new_tariff_id bigint NOT NULL,
    new_cost numeric,
    new_reason text
);
COMMENT ON TABLE public.rerating_difference IS 'What a re-rating changed, a row per call: the word before it is kept whole.';
ALTER TABLE public.rerating ALTER COLUMN rerating_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rerating_rerating_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.restore_fence (
    one boolean DEFAULT true NOT NULL,
    identity text NOT NULL,
    fenced_at timestamp with time zone,
    CONSTRAINT restore_fence_one_check CHECK (one)
);
COMMENT ON TABLE public.restore_fence IS 'Which server and copy this database was last used on; another one means a restored backup.';
COMMENT ON COLUMN public.restore_fence.fenced_at IS 'Since when all claims are stopped; null = they are not.';
CREATE TABLE public.schema_migration (
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.schema_migration IS 'Which migrations have run, and the digest each had then.';
CREATE TABLE public.segment (
    activation_month date NOT NULL,
    message_id bigint NOT NULL,
    part smallint NOT NULL,
    state public.message_state NOT NULL,
    group_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    attempt_id uuid NOT NULL,
    imei text,
    imsi text,
    reference smallint,
    error_code integer,
    error text,
    submitted_at timestamp with time zone,
    reported_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (activation_month);
COMMENT ON TABLE public.segment IS 'One part of a message, once a host has tried it: the latest word on it.';
COMMENT ON COLUMN public.segment.reference IS 'TP-Message-Reference that the modem answered (3GPP TS 23.040 9.2.3.6).';
COMMENT ON COLUMN public.segment.reported_at IS 'When its delivery report came.';
ALTER TABLE public.send_batch ALTER COLUMN batch_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.send_batch_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.setting (
    area text NOT NULL,
    document jsonb NOT NULL,
    applied_by text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT setting_area_check CHECK ((area = ANY (ARRAY['company'::text, 'alerts'::text, 'limits'::text, 'groups'::text, 'retention'::text])))
);
COMMENT ON TABLE public.setting IS 'What settings_apply last took of its file, an area a row; an area without a row has the defaults of the product.';
CREATE SEQUENCE public.spool_load_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.spool_sighting (
    pbx text NOT NULL,
    name text NOT NULL,
    size bigint NOT NULL,
    modified timestamp with time zone NOT NULL,
    sha256 text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.spool_sighting IS 'What was last read under each name, so that a poll reads only what is new or changed.';
CREATE TABLE public.spooled_file (
    file_id bigint NOT NULL,
    pbx text NOT NULL,
    name text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    state public.spool_state NOT NULL,
    reason text,
    detail text,
    line integer,
    layouts text[] DEFAULT '{}'::text[] NOT NULL,
    tickets integer DEFAULT 0 NOT NULL,
    rejected integer DEFAULT 0 NOT NULL,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    raw_key text NOT NULL,
    processed_at timestamp with time zone DEFAULT now() NOT NULL,
    load_number bigint,
    CONSTRAINT spooled_file_check CHECK (((state = 'loaded'::public.spool_state) = (reason IS NULL))),
    CONSTRAINT spooled_file_check1 CHECK (((state = 'loaded'::public.spool_state) OR (tickets = 0))),
    CONSTRAINT spooled_file_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
COMMENT ON TABLE public.spooled_file IS 'Each spool file once, by its content; the same bytes under another name are no other file.';
COMMENT ON COLUMN public.spooled_file.line IS 'Where the structure broke, from 1.';
COMMENT ON COLUMN public.spooled_file.raw_key IS 'The untouched file, relative to the spool''s address.';
COMMENT ON COLUMN public.spooled_file.load_number IS 'The order in which files were loaded, again if one was replayed; files load one at a time.';
ALTER TABLE public.spooled_file ALTER COLUMN file_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.spooled_file_file_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.tariff (
    tariff_id bigint NOT NULL,
    code text NOT NULL,
    valid_from date NOT NULL,
    version integer NOT NULL,
    currency text NOT NULL,
    document jsonb NOT NULL,
    sha256 text NOT NULL,
    loaded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tariff_code_check CHECK ((code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT tariff_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT tariff_version_check CHECK ((version > 0))
);
COMMENT ON TABLE public.tariff IS 'Tariff files as they were loaded, never changed. On a date the one with the latest valid_from counts, of those the highest version.';
ALTER TABLE public.tariff ALTER COLUMN tariff_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tariff_tariff_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.taxation_profile (
    profile text NOT NULL,
    treatments text[],
    may_unmask boolean DEFAULT false NOT NULL,
    CONSTRAINT taxation_profile_profile_check CHECK ((profile ~ '^[a-z][a-z0-9_-]{0,62}$'::text))
);
COMMENT ON TABLE public.taxation_profile IS 'What a person may do with the analyses; treatments null = run all of them.';
CREATE TABLE public.taxation_profile_member (
    member text NOT NULL,
    profile text NOT NULL
);
COMMENT ON TABLE public.taxation_profile_member IS 'Whose profile it is: ops:<name of the Airflow user or of the login of the centre>.';
COMMENT ON COLUMN public.taxation_profile_member.member IS 'Who is no member has the profile everyone.';
CREATE TABLE public.taxdata (
    ticket_id bigint NOT NULL,
    file_id bigint NOT NULL,
    line_number integer NOT NULL,
    content_digest uuid NOT NULL,
    ambiguous_time boolean NOT NULL,
    CONSTRAINT taxdata_check CHECK ((ticket_id = ((file_id * 100000000) + line_number)))
)
PARTITION BY RANGE (ticket_id);
COMMENT ON TABLE public.taxdata IS 'The tickets. Starts with where each comes from; layouts add and widen the columns. Only smsswitch_taxation alters it. Partitions: ticket_block.';
COMMENT ON COLUMN public.taxdata.file_id IS 'Of spooled_file; no foreign key, whose check would cost as much as the load.';
COMMENT ON COLUMN public.taxdata.content_digest IS 'The same for the same record under one layout of one PBX; starts with its date, so that the index grows at its end.';
COMMENT ON COLUMN public.taxdata.ambiguous_time IS 'Its start or end lies in the hour that comes twice in autumn.';
CREATE TABLE public.taxdata_0 (
    ticket_id bigint NOT NULL,
    file_id bigint NOT NULL,
    line_number integer NOT NULL,
    content_digest uuid NOT NULL,
    ambiguous_time boolean NOT NULL,
    CONSTRAINT taxdata_check CHECK ((ticket_id = ((file_id * 100000000) + line_number)))
);
COMMENT ON TABLE public.taxdata_0 IS 'Tickets of the files 0 to below the first of the next partition.';
COMMENT ON COLUMN public.taxdata_0.file_id IS 'Of spooled_file; no foreign key, whose check would cost as much as the load.';
COMMENT ON COLUMN public.taxdata_0.content_digest IS 'The same for the same record under one layout of one PBX; starts with its date, so that the index grows at its end.';
COMMENT ON COLUMN public.taxdata_0.ambiguous_time IS 'Its start or end lies in the hour that comes twice in autumn.';
CREATE TABLE public.ticket_block (
    first_file bigint NOT NULL,
    until_file bigint NOT NULL,
    month date NOT NULL,
    CONSTRAINT ticket_block_check CHECK (((until_file > first_file) AND ((until_file % (1000000)::bigint) = 0))),
    CONSTRAINT ticket_block_first_file_check CHECK (((first_file % (1000000)::bigint) = 0)),
    CONSTRAINT ticket_block_month_check CHECK ((month = date_trunc('month'::text, (month)::timestamp with time zone)))
);
COMMENT ON TABLE public.ticket_block IS 'The partitions of taxdata and rated_ticket: the tickets of the files first_file to below until_file are in those named after first_file / 1000000. A month of loading begins a new one, and the numbers of its files with it. Retention drops one when all its files were read in months that are wholly older than the limit. Row by row go only tickets that a mixed partition would keep too long: where some of its files were read again since, and in the first one, which may have many months from before there were partitions.';
COMMENT ON COLUMN public.ticket_block.month IS 'In which its files were first read (UTC); of the first partition of a database that was there before, the last of its months.';
CREATE TABLE public.ticket_field (
    "position" smallint NOT NULL,
    source_name text NOT NULL,
    column_name text NOT NULL,
    stable_name text NOT NULL,
    stable_type text NOT NULL,
    masked boolean DEFAULT false NOT NULL,
    label_fr text NOT NULL,
    CONSTRAINT ticket_field_stable_type_check CHECK ((stable_type = ANY (ARRAY['bigint'::text, 'timestamp'::text, 'text'::text])))
);
COMMENT ON TABLE public.ticket_field IS 'The documented fields: the column each comes in, and its stable name and type in v_ticket.';
COMMENT ON COLUMN public.ticket_field.masked IS 'May hold the number of an outside party.';
CREATE TABLE public.ticket_layout (
    layout text NOT NULL,
    ticket_version text NOT NULL,
    columns smallint NOT NULL,
    record_length integer NOT NULL,
    first_pbx text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    ddl text DEFAULT ''::text NOT NULL,
    asked_at timestamp with time zone,
    CONSTRAINT ticket_layout_layout_check CHECK ((layout ~ '^[0-9a-f]{64}$'::text))
);
COMMENT ON TABLE public.ticket_layout IS 'Every format line seen. Its key is the sha256 of the normalised quadruples.';
COMMENT ON COLUMN public.ticket_layout.ddl IS 'What it asked of taxdata when it came.';
COMMENT ON COLUMN public.ticket_layout.asked_at IS 'When a person was first asked to allow it.';
CREATE TABLE public.treatment (
    name text NOT NULL,
    title_en text NOT NULL,
    title_fr text NOT NULL,
    sql_file text NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    triggers public.treatment_trigger[] DEFAULT '{manual}'::public.treatment_trigger[] NOT NULL,
    threshold jsonb,
    CONSTRAINT treatment_name_check CHECK ((name ~ '^[a-z][a-z0-9_]{0,62}$'::text))
);
COMMENT ON TABLE public.treatment IS 'The predefined analyses: a documented SQL file each, and what starts it.';
COMMENT ON COLUMN public.treatment.parameters IS 'A JSON schema of type object: what may be given, with defaults.';
COMMENT ON COLUMN public.treatment.threshold IS 'With trigger threshold: {"measure": "tickets" | "rejected" | "files" | "cost", "at_least": n}, counted since its last run by threshold.';
CREATE TABLE public.treatment_result (
    run_id bigint NOT NULL,
    row_number integer NOT NULL,
    data jsonb NOT NULL
);
COMMENT ON TABLE public.treatment_result IS 'What a run found, a row each, keyed by the columns of its run.';
CREATE TABLE public.treatment_run (
    run_id bigint NOT NULL,
    treatment text NOT NULL,
    trigger public.treatment_trigger NOT NULL,
    parameters jsonb NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seconds numeric(12,3) NOT NULL,
    columns text[] NOT NULL,
    result_rows integer NOT NULL,
    occasion text,
    actor text DEFAULT 'airflow'::text NOT NULL,
    unmasked boolean DEFAULT false NOT NULL,
    load_number bigint DEFAULT 0 NOT NULL
);
COMMENT ON TABLE public.treatment_run IS 'Each time an analysis was made: by what, with which parameters, how long it took.';
COMMENT ON COLUMN public.treatment_run.occasion IS 'What it was run for: a day, a month, or the last file; one run each, so a task may be repeated.';
COMMENT ON COLUMN public.treatment_run.load_number IS 'The last loaded spool file that it saw.';
ALTER TABLE public.treatment_run ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.treatment_run_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.unmask_grant (
    grant_id bigint NOT NULL,
    login name NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    reason text NOT NULL,
    until timestamp with time zone NOT NULL,
    CONSTRAINT unmask_grant_reason_check CHECK ((length(btrim(reason)) >= 3))
);
COMMENT ON TABLE public.unmask_grant IS 'Who opened whole numbers, until when. Written with an audit entry, by one function only.';
COMMENT ON COLUMN public.unmask_grant.transaction_id IS 'Counts only once committed: no one looks first and rolls the audit back.';
ALTER TABLE public.unmask_grant ALTER COLUMN grant_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.unmask_grant_grant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.upload (
    upload_id bigint NOT NULL,
    import_id text NOT NULL,
    client_id bigint NOT NULL,
    kind public.upload_kind NOT NULL,
    key text NOT NULL,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    state public.upload_state DEFAULT 'received'::public.upload_state NOT NULL,
    reason text,
    list_name text,
    label text,
    in_inbox boolean DEFAULT true NOT NULL,
    fingerprint text,
    mapping jsonb,
    mapping_by text,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    receipt jsonb,
    validation jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    reminded_at timestamp with time zone,
    CONSTRAINT upload_import_id_check CHECK ((import_id ~ '^imp_[0-9A-Za-z]{8,32}$'::text)),
    CONSTRAINT upload_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
COMMENT ON TABLE public.upload IS 'One row per drop; its receipt document is derived from it.';
COMMENT ON COLUMN public.upload.key IS 'Where it was dropped, relative to the bucket.';
COMMENT ON COLUMN public.upload.in_inbox IS 'Not yet moved to processed/ or quarantine/.';
COMMENT ON COLUMN public.upload.fingerprint IS 'sha256 over the header row and the number of columns: what a remembered mapping applies to.';
COMMENT ON COLUMN public.upload.mapping_by IS 'sidecar, remembered:<import_id>, client, auto, or ops:<user>.';
COMMENT ON COLUMN public.upload.validation IS 'Great Expectations'' results, as JSON.';
COMMENT ON COLUMN public.upload.reminded_at IS 'When the client was reminded that the file waits for its columns.';
ALTER TABLE public.upload ALTER COLUMN upload_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.upload_upload_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE VIEW public.v_rating AS
 SELECT r.ticket_id,
    r.tariff_id,
    r.cost,
    r.currency,
    r.rated,
    r.reason,
    r.superseded,
    r.rated_at,
    COALESCE(r.explanation, public.tell_rating(t.document, (r.rate_index)::integer, r.charged, (r.next_index)::integer, r.next_charged)) AS explanation
   FROM (public.rated_ticket r
     JOIN public.tariff t USING (tariff_id));
COMMENT ON VIEW public.v_rating IS 'What each call costs under each version, with its pieces.';
CREATE VIEW public.v_ticket_full AS
 SELECT s.pbx,
    p.timezone,
    s.sha256 AS file_sha256,
    t.ticket_id,
    t.file_id,
    t.line_number,
    t.ambiguous_time,
    t.ticket_version,
    t.called_number,
    t.charged_number,
    t.charged_user_name,
    t.charged_cost_center,
    t.charged_company,
    t.charged_party_node,
    t.subaddress,
    t.calling_number,
    t.call_type,
    t.cost_type,
    t.end_date_time,
    t.charge_units,
    t.cost_info,
    t.duration,
    t.trunk_identity,
    t.trunk_group_identity,
    t.trunk_node,
    t.personal_or_business,
    t.access_code,
    t.specific_charge_info,
    t.bearer_capability,
    t.high_level_comp,
    t.data_volume,
    t.user_to_user_volume,
    t.external_facilities,
    t.internal_facilities,
    t.call_reference,
    t.segments_rate1,
    t.segments_rate2,
    t.segments_rate3,
    t.com_type,
    t.x25_incoming_flow_rate,
    t.x25_outgoing_flow_rate,
    t.carrier,
    t.initial_dialled_number,
    t.waiting_duration,
    t.effective_call_duration,
    t.redirected_call_indicator,
    t.start_date_time,
    t.acting_extension_number,
    t.called_number_node,
    t.calling_number_node,
    t.initial_dialled_number_node,
    t.acting_extension_number_node,
    t.transit_trunk_group_identity,
    t.node_time_offset,
    t.time_dlt,
    c.name AS call_type_name,
    c.direction,
    (t.start_date_time AT TIME ZONE p.timezone) AS start_at,
        CASE
            WHEN (t.ambiguous_time AND ((((t.start_date_time AT TIME ZONE p.timezone) - '01:00:00'::interval) AT TIME ZONE p.timezone) = t.start_date_time)) THEN ((t.start_date_time AT TIME ZONE p.timezone) - '01:00:00'::interval)
            ELSE NULL::timestamp with time zone
        END AS start_at_earlier,
    (t.end_date_time AT TIME ZONE p.timezone) AS end_at,
    (COALESCE(t.start_date_time, t.end_date_time))::date AS local_day
   FROM ((((( SELECT t_1.ticket_id,
            t_1.file_id,
            t_1.line_number,
            t_1.ambiguous_time,
            NULL::text AS ticket_version,
            NULL::text AS called_number,
            NULL::text AS charged_number,
            NULL::text AS charged_user_name,
            NULL::text AS charged_cost_center,
            NULL::text AS charged_company,
            NULL::text AS charged_party_node,
            NULL::text AS subaddress,
            NULL::text AS calling_number,
            NULL::bigint AS call_type,
            NULL::text AS cost_type,
            NULL::timestamp without time zone AS end_date_time,
            NULL::bigint AS charge_units,
            NULL::text AS cost_info,
            NULL::bigint AS duration,
            NULL::bigint AS trunk_identity,
            NULL::text AS trunk_group_identity,
            NULL::bigint AS trunk_node,
            NULL::text AS personal_or_business,
            NULL::text AS access_code,
            NULL::text AS specific_charge_info,
            NULL::text AS bearer_capability,
            NULL::text AS high_level_comp,
            NULL::bigint AS data_volume,
            NULL::bigint AS user_to_user_volume,
            NULL::text AS external_facilities,
            NULL::text AS internal_facilities,
            NULL::text AS call_reference,
            NULL::bigint AS segments_rate1,
            NULL::bigint AS segments_rate2,
            NULL::bigint AS segments_rate3,
            NULL::text AS com_type,
            NULL::text AS x25_incoming_flow_rate,
            NULL::text AS x25_outgoing_flow_rate,
            NULL::text AS carrier,
            NULL::text AS initial_dialled_number,
            NULL::bigint AS waiting_duration,
            NULL::bigint AS effective_call_duration,
            NULL::text AS redirected_call_indicator,
            NULL::timestamp without time zone AS start_date_time,
            NULL::text AS acting_extension_number,
            NULL::bigint AS called_number_node,
            NULL::bigint AS calling_number_node,
            NULL::bigint AS initial_dialled_number_node,
            NULL::bigint AS acting_extension_number_node,
            NULL::text AS transit_trunk_group_identity,
            NULL::bigint AS node_time_offset,
            NULL::bigint AS time_dlt
           FROM public.taxdata t_1
          WHERE (NOT (EXISTS ( SELECT
                   FROM public.duplicate_ticket d
                  WHERE (d.ticket_id = t_1.ticket_id))))) t
     JOIN public.spooled_file s USING (file_id))
     JOIN public.pbx p ON ((p.code = s.pbx)))
     LEFT JOIN public.call_type k ON (((k.code = t.call_type) AND ((k.code < 15) OR (t.ticket_version ~~ 'ED%'::text)))))
     JOIN public.call_type c ON ((c.code = COALESCE((k.code)::integer, 6))));
COMMENT ON VIEW public.v_ticket_full IS 'Each ticket once, stable names, whole numbers. Only for rating.';
COMMENT ON COLUMN public.v_ticket_full.start_at IS 'In the hour that comes twice, the later reading; start_at_earlier is the other one.';
CREATE VIEW public.v_ticket AS
 SELECT f.ticket_id,
    f.pbx,
    f.file_sha256,
    f.line_number,
    f.ambiguous_time,
    f.start_at,
    f.start_at_earlier,
    f.call_type_name,
    f.direction,
    f.ticket_version,
    public.mask_number(f.called_number) AS called_number,
    f.charged_number,
    f.charged_user_name,
    NULLIF(f.charged_cost_center, '255'::text) AS charged_cost_center,
    f.charged_company,
    f.charged_party_node,
    public.mask_number(f.subaddress) AS subaddress,
    public.mask_number(f.calling_number) AS calling_number,
    f.call_type,
    f.cost_type,
    f.end_date_time,
    f.charge_units,
    f.cost_info,
    f.duration,
    f.trunk_identity,
    f.trunk_group_identity,
    f.trunk_node,
    f.personal_or_business,
    f.access_code,
    f.specific_charge_info,
    f.bearer_capability,
    f.high_level_comp,
    f.data_volume,
    f.user_to_user_volume,
    f.external_facilities,
    f.internal_facilities,
    f.call_reference,
    f.segments_rate1,
    f.segments_rate2,
    f.segments_rate3,
    f.com_type,
    f.x25_incoming_flow_rate,
    f.x25_outgoing_flow_rate,
    f.carrier,
    public.mask_number(f.initial_dialled_number) AS initial_dialled_number,
    f.waiting_duration,
    f.effective_call_duration,
    f.redirected_call_indicator,
    f.start_date_time,
    public.mask_number(f.acting_extension_number) AS acting_extension_number,
    f.called_number_node,
    f.calling_number_node,
    f.initial_dialled_number_node,
    f.acting_extension_number_node,
    f.transit_trunk_group_identity,
    f.node_time_offset,
    f.time_dlt,
    r.cost,
    r.currency,
    r.rated,
    r.reason AS unrated_reason,
    f.end_at,
    COALESCE(u.cost_centre, NULLIF(f.charged_cost_center, '255'::text)) AS cost_centre,
    COALESCE(u.company, c.company, f.charged_company) AS company,
    COALESCE(NULLIF(u.person, ''::text), f.charged_user_name) AS user_name,
    c.name AS cost_centre_name
   FROM (((public.v_ticket_full f
     LEFT JOIN public.rated_ticket r ON (((r.ticket_id = f.ticket_id) AND (NOT r.superseded))))
     LEFT JOIN public.org_user_span u ON (((u.pbx = f.pbx) AND (u.extension = f.charged_number) AND (f.local_day >= u.valid_from) AND ((u.valid_to IS NULL) OR (f.local_day <= u.valid_to)))))
     LEFT JOIN public.cost_centre_span c ON (((c.code = COALESCE(u.cost_centre, NULLIF(f.charged_cost_center, '255'::text))) AND (f.local_day >= c.valid_from) AND ((c.valid_to IS NULL) OR (f.local_day <= c.valid_to)))));
COMMENT ON VIEW public.v_ticket IS 'Each ticket once: stable names and types, decoded call type, outside numbers masked, cost.';
COMMENT ON COLUMN public.v_ticket.cost_centre IS 'Where the person was on the day of the call: of the organisation, else of the ticket.';
CREATE TABLE public.vat_rate (
    valid_from date NOT NULL,
    percent numeric(5,2) NOT NULL,
    CONSTRAINT vat_rate_percent_check CHECK (((percent >= (0)::numeric) AND (percent <= (100)::numeric)))
);
COMMENT ON TABLE public.vat_rate IS 'VAT of France (CGI art. 278): the percentage in force from a date on.';
CREATE TABLE public.work_time (
    work text NOT NULL,
    runs bigint DEFAULT 1 NOT NULL,
    seconds_total numeric NOT NULL,
    last_seconds numeric NOT NULL,
    last_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.work_time IS 'How long recurring work takes, for the metrics: rollup, expand, …';
CREATE VIEW unmasked.v_ticket AS
 SELECT f.ticket_id,
    f.pbx,
    f.file_sha256,
    f.line_number,
    f.ambiguous_time,
    f.start_at,
    f.start_at_earlier,
    f.call_type_name,
    f.direction,
    f.ticket_version,
    f.called_number,
    f.charged_number,
    f.charged_user_name,
    NULLIF(f.charged_cost_center, '255'::text) AS charged_cost_center,
    f.charged_company,
    f.charged_party_node,
    f.subaddress,
    f.calling_number,
    f.call_type,
    f.cost_type,
    f.end_date_time,
    f.charge_units,
    f.cost_info,
    f.duration,
    f.trunk_identity,
    f.trunk_group_identity,
    f.trunk_node,
    f.personal_or_business,
    f.access_code,
    f.specific_charge_info,
    f.bearer_capability,
    f.high_level_comp,
    f.data_volume,
    f.user_to_user_volume,
    f.external_facilities,
    f.internal_facilities,
    f.call_reference,
    f.segments_rate1,
    f.segments_rate2,
    f.segments_rate3,
    f.com_type,
    f.x25_incoming_flow_rate,
    f.x25_outgoing_flow_rate,
    f.carrier,
    f.initial_dialled_number,
    f.waiting_duration,
    f.effective_call_duration,
    f.redirected_call_indicator,
    f.start_date_time,
    f.acting_extension_number,
    f.called_number_node,
    f.calling_number_node,
    f.initial_dialled_number_node,
    f.acting_extension_number_node,
    f.transit_trunk_group_identity,
    f.node_time_offset,
    f.time_dlt,
    r.cost,
    r.currency,
    r.rated,
    r.reason AS unrated_reason,
    f.end_at,
    COALESCE(u.cost_centre, NULLIF(f.charged_cost_center, '255'::text)) AS cost_centre,
    COALESCE(u.company, c.company, f.charged_company) AS company,
    COALESCE(NULLIF(u.person, ''::text), f.charged_user_name) AS user_name,
    c.name AS cost_centre_name
   FROM (((public.v_ticket_full f
     LEFT JOIN public.rated_ticket r ON (((r.ticket_id = f.ticket_id) AND (NOT r.superseded))))
     LEFT JOIN public.org_user_span u ON (((u.pbx = f.pbx) AND (u.extension = f.charged_number) AND (f.local_day >= u.valid_from) AND ((u.valid_to IS NULL) OR (f.local_day <= u.valid_to)))))
     LEFT JOIN public.cost_centre_span c ON (((c.code = COALESCE(u.cost_centre, NULLIF(f.charged_cost_center, '255'::text))) AND (f.local_day >= c.valid_from) AND ((c.valid_to IS NULL) OR (f.local_day <= c.valid_to)))))
  WHERE public.unmasking_open();
COMMENT ON VIEW unmasked.v_ticket IS 'v_ticket with whole numbers, after open_unmasking(reason) only.';
ALTER TABLE ONLY public.modem_sample ATTACH PARTITION public.modem_sample_earlier FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:00:00+00');
ALTER TABLE ONLY public.rated_ticket ATTACH PARTITION public.rated_ticket_0 FOR VALUES FROM ('0') TO ('100000000000000');
ALTER TABLE ONLY public.taxdata ATTACH PARTITION public.taxdata_0 FOR VALUES FROM ('0') TO ('100000000000000');
ALTER TABLE ONLY public.alert_delivery
    ADD CONSTRAINT alert_delivery_alert_id_news_receiver_key UNIQUE (alert_id, news, receiver);
ALTER TABLE ONLY public.alert_delivery
    ADD CONSTRAINT alert_delivery_pkey PRIMARY KEY (delivery_id);
ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (alert_id);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (activation_month, message_id, part, attempt_id, kind);
ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (entry_id);
ALTER TABLE ONLY public.call_type
    ADD CONSTRAINT call_type_name_key UNIQUE (name);
ALTER TABLE ONLY public.call_type
    ADD CONSTRAINT call_type_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_client_id_name_key UNIQUE (client_id, name);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_pkey PRIMARY KEY (campaign_id);
ALTER TABLE ONLY public.campaign_region
    ADD CONSTRAINT campaign_region_pkey PRIMARY KEY (campaign_id, region);
ALTER TABLE ONLY public.campaign_tally
    ADD CONSTRAINT campaign_tally_pkey PRIMARY KEY (campaign_id);
ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_code_key UNIQUE (code);
ALTER TABLE ONLY public.client_identity
    ADD CONSTRAINT client_identity_pkey PRIMARY KEY (client_id);
ALTER TABLE ONLY public.client_page
    ADD CONSTRAINT client_page_pkey PRIMARY KEY (client_id, page);
ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_pkey PRIMARY KEY (client_id);
ALTER TABLE ONLY public.column_alias
    ADD CONSTRAINT column_alias_pkey PRIMARY KEY (source_name);
ALTER TABLE ONLY public.contact_list
    ADD CONSTRAINT contact_list_client_id_name_key UNIQUE (client_id, name);
ALTER TABLE ONLY public.contact_list
    ADD CONSTRAINT contact_list_pkey PRIMARY KEY (list_id);
ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (list_id, msisdn);
ALTER TABLE ONLY public.cost_centre
    ADD CONSTRAINT cost_centre_pkey PRIMARY KEY (code, valid_from);
ALTER TABLE ONLY public.drop_sighting
    ADD CONSTRAINT drop_sighting_pkey PRIMARY KEY (client_id, key);
ALTER TABLE ONLY public.duplicate_ticket
    ADD CONSTRAINT duplicate_ticket_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_pkey PRIMARY KEY (inbound_id);
ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_told_once UNIQUE (group_id, journal_id, host_key);
ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_client_id_period_kind_revision_key UNIQUE (client_id, period, kind, revision);
ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_corrects_key UNIQUE (corrects);
ALTER TABLE ONLY public.invoice_counter
    ADD CONSTRAINT invoice_counter_pkey PRIMARY KEY (kind);
ALTER TABLE ONLY public.invoice_counter
    ADD CONSTRAINT invoice_counter_prefix_key UNIQUE (prefix);
ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_kind_sequence_key UNIQUE (kind, sequence);
ALTER TABLE ONLY public.invoice_line
    ADD CONSTRAINT invoice_line_pkey PRIMARY KEY (invoice_id, "position");
ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_number_key UNIQUE (number);
ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_pkey PRIMARY KEY (invoice_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (entry_id);
ALTER TABLE ONLY public.mapping_question
    ADD CONSTRAINT mapping_question_pkey PRIMARY KEY (upload_id);
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_activation_month_campaign_id_contact_id_key UNIQUE (activation_month, campaign_id, contact_id);
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (activation_month, message_id);
ALTER TABLE ONLY public.meta_columndesc
    ADD CONSTRAINT meta_columndesc_layout_column_name_key UNIQUE (layout, column_name);
ALTER TABLE ONLY public.meta_columndesc
    ADD CONSTRAINT meta_columndesc_pkey PRIMARY KEY (layout, "position");
ALTER TABLE ONLY public.modem_group
    ADD CONSTRAINT modem_group_host_role_key UNIQUE (host_role);
ALTER TABLE ONLY public.modem_group
    ADD CONSTRAINT modem_group_mac_key UNIQUE (mac);
ALTER TABLE ONLY public.modem_group
    ADD CONSTRAINT modem_group_pkey PRIMARY KEY (group_id);
ALTER TABLE ONLY public.modem_month
    ADD CONSTRAINT modem_month_pkey PRIMARY KEY (group_id, imei, activation_month);
ALTER TABLE ONLY public.modem
    ADD CONSTRAINT modem_pkey PRIMARY KEY (group_id, imei);
ALTER TABLE ONLY public.modem_sample
    ADD CONSTRAINT modem_sample_pkey PRIMARY KEY (group_id, imei, at);
ALTER TABLE ONLY public.modem_sample_earlier
    ADD CONSTRAINT modem_sample_earlier_pkey PRIMARY KEY (group_id, imei, at);
ALTER TABLE ONLY public.opt_out
    ADD CONSTRAINT opt_out_msisdn_client_id_key UNIQUE NULLS NOT DISTINCT (msisdn, client_id);
ALTER TABLE ONLY public.opt_out
    ADD CONSTRAINT opt_out_pkey PRIMARY KEY (opt_out_id);
ALTER TABLE ONLY public.org_user
    ADD CONSTRAINT org_user_pkey PRIMARY KEY (pbx, extension, valid_from);
ALTER TABLE ONLY public.organisation_file
    ADD CONSTRAINT organisation_file_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.pbx
    ADD CONSTRAINT pbx_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.quote
    ADD CONSTRAINT quote_pkey PRIMARY KEY (quote_id);
ALTER TABLE ONLY public.rated_ticket
    ADD CONSTRAINT rated_ticket_pkey PRIMARY KEY (ticket_id, tariff_id);
ALTER TABLE ONLY public.rated_ticket_0
    ADD CONSTRAINT rated_ticket_0_pkey PRIMARY KEY (ticket_id, tariff_id);
ALTER TABLE ONLY public.rejected_ticket
    ADD CONSTRAINT rejected_ticket_pkey PRIMARY KEY (file_id, line_number);
ALTER TABLE ONLY public.remembered_mapping
    ADD CONSTRAINT remembered_mapping_pkey PRIMARY KEY (client_id, fingerprint);
ALTER TABLE ONLY public.report_run
    ADD CONSTRAINT report_run_pkey PRIMARY KEY (report, period, language);
ALTER TABLE ONLY public.rerating_difference
    ADD CONSTRAINT rerating_difference_pkey PRIMARY KEY (rerating_id, ticket_id);
ALTER TABLE ONLY public.rerating
    ADD CONSTRAINT rerating_pkey PRIMARY KEY (rerating_id);
ALTER TABLE ONLY public.restore_fence
    ADD CONSTRAINT restore_fence_pkey PRIMARY KEY (one);
ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.segment
    ADD CONSTRAINT segment_pkey PRIMARY KEY (activation_month, message_id, part);
ALTER TABLE ONLY public.send_batch
    ADD CONSTRAINT send_batch_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY public.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (area);
ALTER TABLE ONLY public.spool_sighting
    ADD CONSTRAINT spool_sighting_pkey PRIMARY KEY (pbx, name);
ALTER TABLE ONLY public.spooled_file
    ADD CONSTRAINT spooled_file_pkey PRIMARY KEY (file_id);
ALTER TABLE ONLY public.spooled_file
    ADD CONSTRAINT spooled_file_sha256_key UNIQUE (sha256);
ALTER TABLE ONLY public.tariff
    ADD CONSTRAINT tariff_code_sha256_key UNIQUE (code, sha256);
ALTER TABLE ONLY public.tariff
    ADD CONSTRAINT tariff_code_valid_from_version_key UNIQUE (code, valid_from, version);
ALTER TABLE ONLY public.tariff
    ADD CONSTRAINT tariff_pkey PRIMARY KEY (tariff_id);
ALTER TABLE ONLY public.taxation_profile_member
    ADD CONSTRAINT taxation_profile_member_pkey PRIMARY KEY (member);
ALTER TABLE ONLY public.taxation_profile
    ADD CONSTRAINT taxation_profile_pkey PRIMARY KEY (profile);
ALTER TABLE ONLY public.taxdata
    ADD CONSTRAINT taxdata_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY public.taxdata_0
    ADD CONSTRAINT taxdata_0_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY public.ticket_block
    ADD CONSTRAINT ticket_block_pkey PRIMARY KEY (first_file);
ALTER TABLE ONLY public.ticket_field
    ADD CONSTRAINT ticket_field_column_name_key UNIQUE (column_name);
ALTER TABLE ONLY public.ticket_field
    ADD CONSTRAINT ticket_field_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY public.ticket_field
    ADD CONSTRAINT ticket_field_source_name_key UNIQUE (source_name);
ALTER TABLE ONLY public.ticket_field
    ADD CONSTRAINT ticket_field_stable_name_key UNIQUE (stable_name);
ALTER TABLE ONLY public.ticket_layout
    ADD CONSTRAINT ticket_layout_pkey PRIMARY KEY (layout);
ALTER TABLE ONLY public.treatment
    ADD CONSTRAINT treatment_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.treatment_result
    ADD CONSTRAINT treatment_result_pkey PRIMARY KEY (run_id, row_number);
ALTER TABLE ONLY public.treatment_run
    ADD CONSTRAINT treatment_run_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY public.unmask_grant
    ADD CONSTRAINT unmask_grant_pkey PRIMARY KEY (grant_id);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_import_id_key UNIQUE (import_id);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (upload_id);
ALTER TABLE ONLY public.vat_rate
    ADD CONSTRAINT vat_rate_pkey PRIMARY KEY (valid_from);
ALTER TABLE ONLY public.work_time
    ADD CONSTRAINT work_time_pkey PRIMARY KEY (work);
CREATE INDEX alert_delivery_waiting ON public.alert_delivery USING btree (receiver, delivery_id) WHERE (sent_at IS NULL);
CREATE UNIQUE INDEX alert_open ON public.alert USING btree (kind, subject) WHERE (over_at IS NULL);
CREATE INDEX audit_entry_once ON public.audit_entry USING btree (((detail ->> 'once'::text))) WHERE (detail ? 'once'::text);
CREATE INDEX campaign_archive_campaign ON public.campaign_archive USING btree (campaign_id);
CREATE INDEX invoice_line_item ON public.invoice_line USING btree (kind, month, item);
CREATE INDEX ledger_entry_campaign ON public.ledger_entry USING btree (campaign_id) WHERE (campaign_id IS NOT NULL);
CREATE INDEX ledger_entry_client ON public.ledger_entry USING btree (client_id, entry_id);
CREATE INDEX message_batch ON ONLY public.message USING btree (batch_id) WHERE (batch_id IS NOT NULL);
CREATE INDEX message_campaign ON ONLY public.message USING btree (campaign_id, state);
CREATE INDEX message_unbatched ON ONLY public.message USING btree (campaign_id, message_id) WHERE ((state = 'planned'::public.message_state) AND (batch_id IS NULL));
CREATE INDEX message_uncertain ON ONLY public.message USING btree (campaign_id) WHERE (state = 'uncertain'::public.message_state);
CREATE INDEX message_unsettled ON ONLY public.message USING btree (campaign_id) WHERE ((NOT settled) AND (state <> ALL (ARRAY['planned'::public.message_state, 'leased'::public.message_state, 'uncertain'::public.message_state])));
CREATE UNIQUE INDEX modem_group_alias ON public.modem_group USING btree (alias) WHERE (deleted_at IS NULL);
CREATE INDEX quote_campaign ON public.quote USING btree (campaign_id, created_at DESC);
CREATE INDEX segment_modem ON ONLY public.segment USING btree (imei, updated_at);
CREATE INDEX segment_time ON ONLY public.segment USING brin (updated_at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX send_batch_campaign ON public.send_batch USING btree (campaign_id);
CREATE UNIQUE INDEX send_batch_lease ON public.send_batch USING btree (group_id, lease_token) WHERE (lease_token IS NOT NULL);
CREATE INDEX send_batch_open ON public.send_batch USING btree (group_id, state, batch_id) WHERE (state = ANY (ARRAY['planned'::public.batch_state, 'leased'::public.batch_state]));
CREATE INDEX send_batch_unlogged ON public.send_batch USING btree (batch_id) WHERE ((NOT logged) AND (done_at IS NOT NULL));
CREATE INDEX spooled_file_loads ON public.spooled_file USING btree (load_number);
CREATE INDEX spooled_file_pbx ON public.spooled_file USING btree (pbx, file_id);
CREATE INDEX taxdata_content ON ONLY public.taxdata USING brin (content_digest) WITH (pages_per_range='16', autosummarize='on');
CREATE INDEX taxdata_0_content_digest_idx ON public.taxdata_0 USING brin (content_digest) WITH (pages_per_range='16', autosummarize='on');
CREATE UNIQUE INDEX treatment_run_occasion ON public.treatment_run USING btree (treatment, trigger, occasion);
CREATE INDEX upload_content ON public.upload USING btree (client_id, sha256);
CREATE UNIQUE INDEX upload_in_inbox ON public.upload USING btree (client_id, key, sha256) WHERE in_inbox;
CREATE INDEX upload_state_idx ON public.upload USING btree (state, created_at);
ALTER INDEX public.modem_sample_pkey ATTACH PARTITION public.modem_sample_earlier_pkey;
ALTER INDEX public.rated_ticket_pkey ATTACH PARTITION public.rated_ticket_0_pkey;
ALTER INDEX public.taxdata_content ATTACH PARTITION public.taxdata_0_content_digest_idx;
ALTER INDEX public.taxdata_pkey ATTACH PARTITION public.taxdata_0_pkey;
CREATE OR REPLACE VIEW public.client_balance AS
 SELECT c.client_id,
    c.code,
    (COALESCE(sum(l.amount), (0)::numeric))::numeric(14,4) AS balance,
    (COALESCE(sum(l.held), (0)::numeric))::numeric(14,4) AS held
   FROM (public.client c
     LEFT JOIN public.ledger_entry l USING (client_id))
  GROUP BY c.client_id;
CREATE TRIGGER added_contacts_have_their_parents AFTER INSERT ON public.contact REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.contact_has_its_parents();
CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER audit_chain BEFORE INSERT ON public.audit_entry FOR EACH ROW EXECUTE FUNCTION public.chain_audit();
CREATE TRIGGER changed_contacts_have_their_parents AFTER UPDATE ON public.contact REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.contact_has_its_parents();
CREATE TRIGGER contacts_go_with_their_list AFTER DELETE ON public.contact_list REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.contacts_go_with_their_list();
CREATE TRIGGER counter_counts_on BEFORE DELETE OR UPDATE ON public.invoice_counter FOR EACH ROW EXECUTE FUNCTION public.guard_counter();
CREATE CONSTRAINT TRIGGER counter_without_gap AFTER UPDATE ON public.invoice_counter DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_issued();
CREATE TRIGGER invoice_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.invoice FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER invoice_line_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.invoice_line FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER invoice_line_with_invoice AFTER INSERT ON public.invoice_line REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.guard_invoice_line();
CREATE TRIGGER invoice_number BEFORE INSERT ON public.invoice FOR EACH ROW EXECUTE FUNCTION public.guard_invoice();
CREATE TRIGGER ledger_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER ledger_never_negative BEFORE INSERT ON public.ledger_entry FOR EACH ROW WHEN ((new.amount < (0)::numeric)) EXECUTE FUNCTION public.guard_balance();
CREATE TRIGGER rerating_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.rerating_difference FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER upload_stays_with_its_contacts AFTER DELETE ON public.upload REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.upload_stays_with_its_contacts();
CREATE TRIGGER wake_by_batches AFTER INSERT ON public.send_batch REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.wake_by_batches();
CREATE TRIGGER wake_by_campaign AFTER UPDATE ON public.campaign FOR EACH ROW WHEN ((new.state <> old.state)) EXECUTE FUNCTION public.wake_by_campaign();
CREATE TRIGGER wake_by_group AFTER UPDATE ON public.modem_group FOR EACH ROW WHEN (((new.state <> old.state) OR (new.wake_at IS DISTINCT FROM old.wake_at))) EXECUTE FUNCTION public.wake_by_group();
CREATE TRIGGER wake_by_one_batch AFTER UPDATE ON public.send_batch FOR EACH ROW WHEN (((new.revoked AND (NOT old.revoked)) OR ((new.state = ANY (ARRAY['planned'::public.batch_state, 'condemned'::public.batch_state])) AND (old.state = 'leased'::public.batch_state)))) EXECUTE FUNCTION public.wake_by_one_batch();
ALTER TABLE ONLY public.alert_delivery
    ADD CONSTRAINT alert_delivery_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES public.alert(alert_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.campaign_archive
    ADD CONSTRAINT campaign_archive_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_list_id_fkey FOREIGN KEY (list_id) REFERENCES public.contact_list(list_id);
ALTER TABLE ONLY public.campaign_region
    ADD CONSTRAINT campaign_region_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.campaign_tally
    ADD CONSTRAINT campaign_tally_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.upload(upload_id);
ALTER TABLE ONLY public.client_identity
    ADD CONSTRAINT client_identity_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.client_page
    ADD CONSTRAINT client_page_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.contact_list
    ADD CONSTRAINT contact_list_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.drop_sighting
    ADD CONSTRAINT drop_sighting_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.drop_sighting
    ADD CONSTRAINT drop_sighting_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.upload(upload_id);
ALTER TABLE ONLY public.duplicate_ticket
    ADD CONSTRAINT duplicate_ticket_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.taxdata(ticket_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.modem_group(group_id);
ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_corrects_fkey FOREIGN KEY (corrects) REFERENCES public.invoice(invoice_id);
ALTER TABLE ONLY public.invoice_line
    ADD CONSTRAINT invoice_line_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES public.invoice(invoice_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.mapping_question
    ADD CONSTRAINT mapping_question_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.upload(upload_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.meta_columndesc
    ADD CONSTRAINT meta_columndesc_layout_fkey FOREIGN KEY (layout) REFERENCES public.ticket_layout(layout);
ALTER TABLE ONLY public.modem
    ADD CONSTRAINT modem_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.modem_group(group_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.opt_out
    ADD CONSTRAINT opt_out_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.org_user
    ADD CONSTRAINT org_user_pbx_fkey FOREIGN KEY (pbx) REFERENCES public.pbx(code);
ALTER TABLE ONLY public.pbx
    ADD CONSTRAINT pbx_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.quote
    ADD CONSTRAINT quote_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.rejected_ticket
    ADD CONSTRAINT rejected_ticket_file_id_fkey FOREIGN KEY (file_id) REFERENCES public.spooled_file(file_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.remembered_mapping
    ADD CONSTRAINT remembered_mapping_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.remembered_mapping
    ADD CONSTRAINT remembered_mapping_import_id_fkey FOREIGN KEY (import_id) REFERENCES public.upload(import_id);
ALTER TABLE ONLY public.rerating_difference
    ADD CONSTRAINT rerating_difference_rerating_id_fkey FOREIGN KEY (rerating_id) REFERENCES public.rerating(rerating_id);
ALTER TABLE ONLY public.send_batch
    ADD CONSTRAINT send_batch_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id);
ALTER TABLE ONLY public.send_batch
    ADD CONSTRAINT send_batch_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.modem_group(group_id);
ALTER TABLE ONLY public.spool_sighting
    ADD CONSTRAINT spool_sighting_pbx_fkey FOREIGN KEY (pbx) REFERENCES public.pbx(code);
ALTER TABLE ONLY public.spooled_file
    ADD CONSTRAINT spooled_file_pbx_fkey FOREIGN KEY (pbx) REFERENCES public.pbx(code);
ALTER TABLE ONLY public.taxation_profile_member
    ADD CONSTRAINT taxation_profile_member_profile_fkey FOREIGN KEY (profile) REFERENCES public.taxation_profile(profile) ON DELETE CASCADE;
ALTER TABLE ONLY public.ticket_layout
    ADD CONSTRAINT ticket_layout_first_pbx_fkey FOREIGN KEY (first_pbx) REFERENCES public.pbx(code);
ALTER TABLE ONLY public.treatment_result
    ADD CONSTRAINT treatment_result_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.treatment_run(run_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.treatment_run
    ADD CONSTRAINT treatment_run_treatment_fkey FOREIGN KEY (treatment) REFERENCES public.treatment(name);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
GRANT USAGE ON SCHEMA api TO modem_host;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO smsswitch_owner;
GRANT ALL ON SCHEMA public TO smsswitch_taxation;
GRANT USAGE ON SCHEMA public TO smsswitch_app;
GRANT USAGE ON SCHEMA public TO smsswitch_reader;
GRANT USAGE ON SCHEMA public TO smsswitch_unmask;
GRANT USAGE ON SCHEMA public TO smsswitch_auditor;
GRANT USAGE ON SCHEMA unmasked TO smsswitch_unmask;
REVOKE ALL ON FUNCTION api.claim_batch_v1(host_epoch bigint, journal uuid, lease_token uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION api.claim_batch_v1(host_epoch bigint, journal uuid, lease_token uuid) TO modem_host;
REVOKE ALL ON FUNCTION api.heartbeat_v1(host_epoch bigint, journal uuid, status jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION api.heartbeat_v1(host_epoch bigint, journal uuid, status jsonb) TO modem_host;
REVOKE ALL ON FUNCTION api.reconcile_v1(host_epoch bigint, journal uuid, results jsonb, complete boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION api.reconcile_v1(host_epoch bigint, journal uuid, results jsonb, complete boolean) TO modem_host;
REVOKE ALL ON FUNCTION api.register_host_v1(mac macaddr, journal uuid, boot_id text, host jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION api.register_host_v1(mac macaddr, journal uuid, boot_id text, host jsonb) TO modem_host;
REVOKE ALL ON FUNCTION api.report_inbound_v1(host_epoch bigint, journal uuid, messages jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION api.report_inbound_v1(host_epoch bigint, journal uuid, messages jsonb) TO modem_host;
REVOKE ALL ON FUNCTION api.report_results_v1(host_epoch bigint, journal uuid, results jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION api.report_results_v1(host_epoch bigint, journal uuid, results jsonb) TO modem_host;
REVOKE ALL ON FUNCTION pg_catalog.lo_creat(integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_catalog.lo_put(oid, bigint, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_catalog.lowrite(integer, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock_all() FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_all() TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_all() TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_all() TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO smsswitch_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO smsswitch_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION public.attach_partition(parent text, child text, lowest text, below text, told text) FROM PUBLIC;
GRANT SELECT,INSERT,UPDATE ON TABLE public.send_batch TO smsswitch_app;
GRANT SELECT ON TABLE public.send_batch TO smsswitch_reader;
REVOKE ALL ON FUNCTION public.batch_closes(batch public.send_batch) FROM PUBLIC;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.modem_group TO smsswitch_app;
GRANT SELECT ON TABLE public.modem_group TO smsswitch_reader;
REVOKE ALL ON FUNCTION public.batch_document(batch public.send_batch, own public.modem_group) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.batch_is_revoked(batch public.send_batch, group_now public.group_state) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.centre_identity() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.disable_host_login(host_role name) FROM PUBLIC;
GRANT ALL ON FUNCTION public.disable_host_login(host_role name) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.drop_message_partitions(month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.drop_message_partitions(month date) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.drop_sample_month(month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.drop_sample_month(month date) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.drop_ticket_block(block bigint, before timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.drop_ticket_block(block bigint, before timestamp with time zone) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION public.ensure_message_partitions(month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ensure_message_partitions(month date) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.ensure_sample_months(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ensure_sample_months(at timestamp with time zone) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.ensure_ticket_block(file bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ensure_ticket_block(file bigint) TO smsswitch_taxation;
REVOKE ALL ON FUNCTION public.host_group(host_epoch bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.host_group_now(host_epoch bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.is_fenced() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.lift_fence() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.lock_to_drop(VARIADIC tables text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.make_host_login(mac macaddr, OUT host_role name, OUT password text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.make_host_login(mac macaddr, OUT host_role name, OUT password text) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.open_ticket_month() FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_ticket_month() TO smsswitch_taxation;
REVOKE ALL ON FUNCTION public.open_unmasking(reason text, actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_unmasking(reason text, actor text) TO smsswitch_unmask;
GRANT ALL ON FUNCTION public.open_unmasking(reason text, actor text) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.purge_earlier_samples(before timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.purge_earlier_samples(before timestamp with time zone) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.raise_fence() FROM PUBLIC;
GRANT ALL ON FUNCTION public.raise_fence() TO smsswitch_app;
REVOKE ALL ON FUNCTION public.renew_permits(own public.modem_group, journal uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.segment_moves_to(old public.message_state, kind text, own boolean, current boolean, resend boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.settle_messages(month date, ids bigint[], to_retry bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_messages(month date, ids bigint[], to_retry bigint[]) TO smsswitch_app;
REVOKE ALL ON FUNCTION public.stop_word(message text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.take_modems(own_group bigint, modems jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.take_results(own public.modem_group, host_epoch bigint, results jsonb, round integer, OUT known integer, OUT conflicts integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.unmasking_open() FROM PUBLIC;
GRANT ALL ON FUNCTION public.unmasking_open() TO smsswitch_unmask;
GRANT ALL ON FUNCTION public.unmasking_open() TO smsswitch_taxation;
GRANT ALL ON FUNCTION public.unmasking_open() TO smsswitch_app;
REVOKE ALL ON FUNCTION public.write_off_fence(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.write_off_fence(wanted text) TO smsswitch_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert TO smsswitch_app;
GRANT SELECT ON TABLE public.alert TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.alert TO smsswitch_taxation;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_delivery TO smsswitch_app;
GRANT SELECT ON TABLE public.alert_delivery TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.attempt TO smsswitch_app;
GRANT SELECT,INSERT ON TABLE public.audit_entry TO smsswitch_app;
GRANT SELECT ON TABLE public.audit_entry TO smsswitch_auditor;
GRANT SELECT ON TABLE public.call_type TO smsswitch_taxation;
GRANT SELECT ON TABLE public.call_type TO smsswitch_app;
GRANT SELECT ON TABLE public.call_type TO smsswitch_reader;
GRANT SELECT ON TABLE public.call_type TO smsswitch_unmask;
GRANT SELECT,INSERT,UPDATE ON TABLE public.campaign TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign TO smsswitch_reader;
GRANT SELECT ON TABLE public.campaign_archive TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign_archive TO smsswitch_reader;
GRANT USAGE ON SEQUENCE public.message_id_seq TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign_count TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign_count TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.campaign_region TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign_region TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.campaign_tally TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.client TO smsswitch_app;
GRANT SELECT ON TABLE public.client TO smsswitch_reader;
GRANT SELECT ON TABLE public.client TO smsswitch_taxation;
GRANT SELECT ON TABLE public.client_balance TO smsswitch_app;
GRANT SELECT ON TABLE public.client_balance TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.client_identity TO smsswitch_app;
GRANT SELECT ON TABLE public.client_identity TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.client_page TO smsswitch_app;
GRANT SELECT ON TABLE public.column_alias TO smsswitch_taxation;
GRANT SELECT,INSERT,UPDATE ON TABLE public.column_alias TO smsswitch_app;
GRANT SELECT ON TABLE public.column_alias TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact TO smsswitch_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact_list TO smsswitch_app;
GRANT SELECT ON TABLE public.contact_list TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cost_centre TO smsswitch_app;
GRANT SELECT ON TABLE public.cost_centre TO smsswitch_reader;
GRANT SELECT ON TABLE public.cost_centre TO smsswitch_unmask;
GRANT SELECT ON TABLE public.cost_centre TO smsswitch_taxation;
GRANT SELECT ON TABLE public.cost_centre_span TO smsswitch_reader;
GRANT SELECT ON TABLE public.cost_centre_span TO smsswitch_unmask;
GRANT SELECT ON TABLE public.cost_centre_span TO smsswitch_taxation;
GRANT SELECT ON TABLE public.cost_centre_span TO smsswitch_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.drop_sighting TO smsswitch_app;
GRANT SELECT ON TABLE public.duplicate_ticket TO smsswitch_app;
GRANT SELECT,DELETE ON TABLE public.inbound_message TO smsswitch_app;
GRANT SELECT,INSERT ON TABLE public.invoice TO smsswitch_app;
GRANT SELECT ON TABLE public.invoice TO smsswitch_reader;
GRANT SELECT,UPDATE ON TABLE public.invoice_counter TO smsswitch_app;
GRANT SELECT,INSERT ON TABLE public.invoice_line TO smsswitch_app;
GRANT SELECT ON TABLE public.invoice_line TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.ledger_entry TO smsswitch_app;
GRANT SELECT ON TABLE public.ledger_entry TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mapping_question TO smsswitch_app;
GRANT SELECT ON TABLE public.mapping_question TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.meta_columndesc TO smsswitch_taxation;
GRANT SELECT ON TABLE public.meta_columndesc TO smsswitch_app;
GRANT SELECT ON TABLE public.meta_columndesc TO smsswitch_reader;
GRANT SELECT ON TABLE public.meta_columndesc TO smsswitch_unmask;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.modem TO smsswitch_app;
GRANT SELECT ON TABLE public.modem TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.modem_month TO smsswitch_app;
GRANT SELECT ON TABLE public.modem_month TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE ON TABLE public.modem_sample TO smsswitch_app;
GRANT SELECT ON TABLE public.modem_sample TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.opt_out TO smsswitch_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.org_user TO smsswitch_app;
GRANT SELECT ON TABLE public.org_user TO smsswitch_reader;
GRANT SELECT ON TABLE public.org_user TO smsswitch_unmask;
GRANT SELECT ON TABLE public.org_user TO smsswitch_taxation;
GRANT SELECT ON TABLE public.org_user_span TO smsswitch_reader;
GRANT SELECT ON TABLE public.org_user_span TO smsswitch_unmask;
GRANT SELECT ON TABLE public.org_user_span TO smsswitch_taxation;
GRANT SELECT ON TABLE public.org_user_span TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.organisation_file TO smsswitch_app;
GRANT SELECT ON TABLE public.organisation_file TO smsswitch_reader;
GRANT SELECT ON TABLE public.organisation_file TO smsswitch_auditor;
GRANT SELECT,INSERT ON TABLE public.pbx TO smsswitch_taxation;
GRANT SELECT,INSERT,UPDATE ON TABLE public.pbx TO smsswitch_app;
GRANT SELECT ON TABLE public.pbx TO smsswitch_reader;
GRANT SELECT ON TABLE public.pbx TO smsswitch_unmask;
GRANT SELECT,INSERT ON TABLE public.quote TO smsswitch_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rated_ticket TO smsswitch_app;
GRANT SELECT,DELETE ON TABLE public.rated_ticket TO smsswitch_taxation;
GRANT SELECT ON TABLE public.rated_ticket TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rejected_ticket TO smsswitch_taxation;
GRANT SELECT ON TABLE public.rejected_ticket TO smsswitch_app;
GRANT SELECT ON TABLE public.rejected_ticket TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.remembered_mapping TO smsswitch_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.report_run TO smsswitch_app;
GRANT SELECT ON TABLE public.report_run TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.rerating TO smsswitch_app;
GRANT SELECT ON TABLE public.rerating TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.rerating_difference TO smsswitch_app;
GRANT SELECT ON TABLE public.rerating_difference TO smsswitch_reader;
GRANT SELECT ON TABLE public.restore_fence TO smsswitch_app;
GRANT SELECT ON TABLE public.schema_migration TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.segment TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.setting TO smsswitch_app;
GRANT SELECT ON TABLE public.setting TO smsswitch_reader;
GRANT USAGE ON SEQUENCE public.spool_load_number TO smsswitch_taxation;
GRANT SELECT,INSERT,UPDATE ON TABLE public.spool_sighting TO smsswitch_taxation;
GRANT SELECT ON TABLE public.spool_sighting TO smsswitch_app;
GRANT SELECT ON TABLE public.spool_sighting TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.spooled_file TO smsswitch_taxation;
GRANT SELECT ON TABLE public.spooled_file TO smsswitch_app;
GRANT SELECT ON TABLE public.spooled_file TO smsswitch_reader;
GRANT SELECT ON TABLE public.spooled_file TO smsswitch_unmask;
GRANT SELECT,INSERT ON TABLE public.tariff TO smsswitch_app;
GRANT SELECT ON TABLE public.tariff TO smsswitch_taxation;
GRANT SELECT ON TABLE public.tariff TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.taxation_profile TO smsswitch_app;
GRANT SELECT ON TABLE public.taxation_profile TO smsswitch_reader;
GRANT SELECT ON TABLE public.taxation_profile TO smsswitch_unmask;
GRANT SELECT ON TABLE public.taxation_profile TO smsswitch_taxation;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.taxation_profile_member TO smsswitch_app;
GRANT SELECT ON TABLE public.taxation_profile_member TO smsswitch_reader;
GRANT SELECT ON TABLE public.taxation_profile_member TO smsswitch_unmask;
GRANT SELECT ON TABLE public.taxation_profile_member TO smsswitch_taxation;
GRANT SELECT ON TABLE public.taxdata TO smsswitch_app;
GRANT SELECT ON TABLE public.ticket_block TO smsswitch_taxation;
GRANT SELECT ON TABLE public.ticket_block TO smsswitch_app;
GRANT SELECT ON TABLE public.ticket_block TO smsswitch_reader;
GRANT SELECT ON TABLE public.ticket_field TO smsswitch_taxation;
GRANT SELECT ON TABLE public.ticket_field TO smsswitch_app;
GRANT SELECT ON TABLE public.ticket_field TO smsswitch_reader;
GRANT SELECT ON TABLE public.ticket_field TO smsswitch_unmask;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ticket_layout TO smsswitch_taxation;
GRANT SELECT,UPDATE ON TABLE public.ticket_layout TO smsswitch_app;
GRANT SELECT ON TABLE public.ticket_layout TO smsswitch_reader;
GRANT SELECT ON TABLE public.ticket_layout TO smsswitch_unmask;
GRANT SELECT,UPDATE ON TABLE public.treatment TO smsswitch_app;
GRANT SELECT ON TABLE public.treatment TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.treatment_result TO smsswitch_app;
GRANT SELECT ON TABLE public.treatment_result TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE ON TABLE public.treatment_run TO smsswitch_app;
GRANT SELECT ON TABLE public.treatment_run TO smsswitch_reader;
GRANT SELECT ON TABLE public.unmask_grant TO smsswitch_reader;
GRANT SELECT ON TABLE public.unmask_grant TO smsswitch_auditor;
GRANT SELECT ON TABLE public.unmask_grant TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.upload TO smsswitch_app;
GRANT SELECT ON TABLE public.upload TO smsswitch_reader;
GRANT SELECT ON TABLE public.v_rating TO smsswitch_app;
GRANT SELECT ON TABLE public.v_rating TO smsswitch_reader;
GRANT SELECT ON TABLE public.v_ticket_full TO smsswitch_app;
GRANT SELECT ON TABLE public.v_ticket TO smsswitch_app;
GRANT SELECT ON TABLE public.v_ticket TO smsswitch_reader;
GRANT SELECT ON TABLE public.vat_rate TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.vat_rate TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.work_time TO smsswitch_app;
GRANT SELECT ON TABLE unmasked.v_ticket TO smsswitch_unmask;
