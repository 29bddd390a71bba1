-- After a campaign's limit nothing more of it is begun.
with over as (
  select campaign_id, activation_month
  from campaign
  where expire_at <= now() and state in ('expanding', 'sending', 'paused')
),
closed as (
  update send_batch as b set state = 'returned', done_at = now()
  from over as o where b.campaign_id = o.campaign_id and b.state = 'planned'
),
revoked as (
  update send_batch as b set revoked = true
  from over as o where b.campaign_id = o.campaign_id and b.state = 'leased' and not b.revoked
)
update message as m set state = 'expired', batch_id = null, first_seq = null, final_at = now()
from over as o
where
  m.activation_month = o.activation_month and m.campaign_id = o.campaign_id
  and m.state = 'planned'
