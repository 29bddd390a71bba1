-- After a campaign's limit nothing more of it is begun. Batches first, as a claim takes them: the other way round,
-- each could wait for the other.
update send_batch as b set
  state = case b.state when 'planned' then 'returned' else b.state end,
  done_at = case b.state when 'planned' then now() else b.done_at end,
  revoked = b.revoked or b.state = 'leased'
from campaign as c
where
  c.campaign_id = b.campaign_id and c.expire_at <= now() and c.state in ('expanding', 'sending', 'paused')
  and (b.state = 'planned' or b.state = 'leased' and not b.revoked);

update message as m set state = 'expired', batch_id = null, first_seq = null, final_at = now()
from campaign as c
where
  c.expire_at <= now() and c.state in ('expanding', 'sending', 'paused')
  and m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
  and m.state = 'planned'
