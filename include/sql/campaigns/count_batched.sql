-- Messages handed out in the last minute and since midnight: what a campaign's own rate is held to.
select
  coalesce(sum(b.messages) filter (where b.planned_at > now() - interval '1 minute'), 0) as minute,
  coalesce(sum(b.messages), 0) as day
from send_batch as b
where
  b.campaign_id = %(campaign_id)s and b.state <> 'returned'
  and b.planned_at > least(
    date_trunc('day', now() at time zone %(zone)s) at time zone %(zone)s,
    now() - interval '1 minute'
  )
