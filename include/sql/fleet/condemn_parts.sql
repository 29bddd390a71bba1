-- Gives every part that a condemned host has not reported its word: above the permit it cannot have
-- been begun (planned again), below it may have gone out (uncertain, or planned again where the
-- campaign says so). The messages, by month, whose state follows.
with lease as (
  select
    b.batch_id, b.activation_month, b.permit_seq, b.group_id, c.on_uncertain = 'resend' as resend
  from send_batch as b join campaign as c using (campaign_id)
  where b.group_id = %(group_id)s and b.state = 'leased'
  for no key update of b
),
part as (
  select
    l.activation_month,
    l.batch_id,
    l.group_id,
    l.permit_seq,
    l.resend,
    m.message_id,
    p.part,
    s.batch_id as tried_in,
    -- Places count the parts that were still to be sent at the claim.
    m.first_seq - 1 + row_number() over (partition by m.message_id order by p.part) as seq
  from lease as l
  join message as m on m.activation_month = l.activation_month and m.batch_id = l.batch_id
  cross join generate_series(1, m.segments) as p (part)
  left join segment as s
    on s.activation_month = l.activation_month and s.message_id = m.message_id and s.part = p.part
  where
    m.state = 'leased' and (s.part is null or s.state = 'planned' or s.batch_id = l.batch_id)
),
judged as (
  insert into segment as s (
    activation_month, message_id, part, state, group_id, batch_id, attempt_id, error
  )
  select
    p.activation_month,
    p.message_id,
    p.part,
    case when p.seq > p.permit_seq or p.resend then 'planned' else 'uncertain' end::message_state,
    p.group_id,
    p.batch_id,
    gen_random_uuid(),
    'condemned'
  from part as p
  where p.tried_in is distinct from p.batch_id
  on conflict (activation_month, message_id, part) do update set
    state = excluded.state,
    group_id = excluded.group_id,
    batch_id = excluded.batch_id,
    attempt_id = excluded.attempt_id,
    error = excluded.error,
    updated_at = now()
)
select activation_month, array_agg(distinct message_id)
from part
group by activation_month
