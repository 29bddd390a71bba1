-- A lease never ends by itself: its batch is marked while its host is not heard of.
update send_batch as b set
  silent_at = case when g.last_heartbeat > now() - %(silent_after)s then null else now() end
from modem_group as g
where
  g.group_id = b.group_id and b.state = 'leased'
  and (g.last_heartbeat > now() - %(silent_after)s) = (b.silent_at is not null)
