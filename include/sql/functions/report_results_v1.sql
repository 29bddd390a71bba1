-- What became of segments. Evidence is kept whoever brings it, also of an older epoch; a repeated
-- report changes nothing; a terminal state never moves back.

-- The state that a report moves a segment to; null = it moves nothing.
-- own: the segment's last word came from this very attempt. current: the batch is still leased.
create or replace function public.segment_moves_to(
  old public.message_state, kind text, own boolean, current boolean, resend boolean
) returns public.message_state
language sql immutable set search_path = '' as $$
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
revoke all on function public.segment_moves_to(
  public.message_state, text, boolean, boolean, boolean
) from public;

-- Takes the reports that are the round-th of their segment, so that no segment moves twice in one
-- statement. Private.
create or replace function public.take_results(
  own public.modem_group, host_epoch bigint, results jsonb, round integer,
  out known integer, out conflicts integer
)
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off as $$
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
revoke all on function public.take_results(public.modem_group, bigint, jsonb, integer) from public;

create or replace function api.report_results_v1(
  host_epoch bigint, journal uuid, results jsonb
) returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off as $$
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
revoke all on function api.report_results_v1(bigint, uuid, jsonb) from public;
grant execute on function api.report_results_v1(bigint, uuid, jsonb) to modem_host;
