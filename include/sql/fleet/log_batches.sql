-- The batches that are over and not yet told in the log, each once.
update send_batch as b set logged = true
from campaign as c, client as k, modem_group as g
where
  not b.logged and b.done_at is not null
  and c.campaign_id = b.campaign_id and k.client_id = c.client_id and g.group_id = b.group_id
returning
  b.batch_id,
  k.code as client,
  c.name as campaign,
  g.alias as "group",
  b.state::text as state,
  b.messages,
  b.segments,
  b.reported,
  round(extract(epoch from b.leased_at - b.planned_at), 1) as waited,
  round(extract(epoch from b.done_at - b.leased_at), 1) as worked
