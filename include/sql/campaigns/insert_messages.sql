-- One message per contact, in the partition of the campaign's month; those not to be sent as skipped,
-- with the reason. The n-th to be sent goes into the batch whose first message is the last at or
-- before it; those from place "given" on, and those who do not live at home, wait. A contact that has its message keeps it: running this
-- twice plans nothing twice.
with placed as (
  select r.*, h.home, count(*) filter (where h.home) over (
    -- Any order will do; a constant asks for no sort.
    order by true rows between unbounded preceding and current row
  ) - 1 as place
  from rendered as r
  cross join lateral (select r.reason is null and r.msisdn like %(home)s as home) as h
),
added as (
  insert into message (
    activation_month, campaign_id, contact_id, msisdn, text, variant, encoding, segments, price, state,
    reason, settled, final_at, batch_id
  )
  select
    %(activation_month)s,
    %(campaign_id)s,
    r.contact_id,
    r.msisdn,
    case when r.reason is null then r.text end,
    r.variant,
    case when r.reason is null then r.encoding end,
    case when r.reason is null then r.segments else 0 end,
    coalesce(p.price, 0),
    case when r.reason is null then 'planned' else 'skipped' end::message_state,
    r.reason,
    r.reason is not null,
    case when r.reason is not null then now() end,
    case
      when r.home and r.place < %(given)s
        then (%(batches)s::bigint[])[width_bucket(r.place, %(firsts)s::bigint[])]
    end
  from placed as r
  left join price as p
    on r.reason is null and p.prefix = left(r.msisdn, %(digits)s) and p.segments = r.segments
  on conflict do nothing
  returning batch_id, segments
)
update send_batch as b set messages = a.messages, segments = a.segments
from (
  select batch_id, count(*) as messages, sum(segments) as segments
  from added where batch_id is not null
  group by batch_id
) as a
where b.batch_id = a.batch_id
