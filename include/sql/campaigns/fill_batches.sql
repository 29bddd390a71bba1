-- Messages that came back, or that no group could take before, into the batches made for them:
-- those at home, or those whose numbers begin like one region's.
with waiting as (
  select message_id, row_number() over (order by message_id) - 1 as place
  from message
  where
    activation_month = %(activation_month)s and campaign_id = %(campaign_id)s
    and state = 'planned' and batch_id is null and (not_before is null or not_before <= now())
    and case
      when %(beginnings)s::text[] is null then msisdn like %(home)s
      else left(msisdn, 10) = any(%(beginnings)s)
    end
),
filled as (
  update message as m set
    batch_id = (%(batches)s::bigint[])[width_bucket(w.place, %(firsts)s::bigint[])]
  from waiting as w
  where
    w.place < %(given)s
    and m.activation_month = %(activation_month)s and m.message_id = w.message_id
    and m.state = 'planned' and m.batch_id is null
  returning m.batch_id, m.segments
)
update send_batch as b set messages = f.messages, segments = f.segments
from (
  select batch_id, count(*) as messages, sum(segments) as segments from filled group by batch_id
) as f
where b.batch_id = f.batch_id
