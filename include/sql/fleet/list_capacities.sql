-- Started groups with the modems that work now (live), and those that would (expected): a host that
-- is heard of is believed, also when it says that no modem works.
select
  g.group_id,
  g.alias,
  case
    when g.last_heartbeat is null then g.modems
    when g.last_heartbeat > now() - %(silent_after)s then s.working_now
    else 0
  end::integer as live,
  case
    when g.last_heartbeat > now() - %(silent_after)s and s.known > 0 then s.working_now
    when s.working > 0 then s.working
    else g.modems
  end::integer as expected,
  g.rate_limit
from modem_group as g
cross join
  lateral (
    select
      count(*) as known,
      count(*) filter (where m.in_service) as working,
      count(*) filter (where m.in_service and m.seen_at > now() - %(silent_after)s) as working_now
    from modem as m
    where m.group_id = g.group_id
  ) as s
where g.state = 'started' and g.deleted_at is null
order by g.group_id
