-- Brings messages to the state of their worst part. Used by the hosts' reports, by whoever resolves
-- uncertain parts, and by condemning. A terminal state never moves; a leased message stays leased
-- while its batch still has a part of it to send.
create or replace function public.settle_messages(
  month date, ids bigint[], to_retry bigint[] default '{}'
) returns void
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off as $$
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
comment on function public.settle_messages(date, bigint[], bigint[]) is
'Gives messages the state of their worst part; those in to_retry count one attempt more and wait before the next.';
revoke all on function public.settle_messages(date, bigint[], bigint[]) from public;
grant execute on function public.settle_messages(date, bigint[], bigint[]) to smsswitch_app;
