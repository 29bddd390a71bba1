-- A campaign with its client's code; the caller adds which one, and whether to lock it.
select
  c.campaign_id, c.client_id, l.code, c.name, c.list_id, c.state::text, c.reason, c.spec,
  c.activation_month, c.start_at, c.expire_at, c.expanded_at, c.paused_from::text, c.exemption,
  c.approved_by
from campaign as c join client as l using (client_id)
