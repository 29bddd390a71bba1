-- Started groups with the modems that work now (live), and those that would (expected): a host that
-- is heard of is believed, also when it says that no modem works. What the SIMs may still send counts
-- for modems that work now: one without a quota makes that of its group none (null). Quotas of
-- recipients are not counted here: whom a SIM has sent to, only its host knows.
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
  g.rate_limit,
  (case when s.without_quota = 0 then s.quota_left - b.leased end)::bigint as quota_left,
  b.planned::bigint as planned
from modem_group as g
cross join
  lateral (
    select
      count(*) as known,
      count(*) filter (where m.in_service) as working,
      count(*) filter (where w.now) as working_now,
      count(*) filter (where w.now and q.quota_left is null) as without_quota,
      sum(greatest(q.quota_left, 0)) filter (where w.now) as quota_left
    from modem as m
    cross join
      lateral (select m.in_service and m.seen_at > now() - %(silent_after)s as now) as w
    cross join
      lateral (
        select
          -- Told by a host: anything may stand there. The least of what is not null.
          least(
            jsonb_path_query_first(m.quota, '$.per_day ? (@.type() == "number")')::numeric
            - jsonb_path_query_first(m.quota, '$.today ? (@.type() == "number")')::numeric,
            jsonb_path_query_first(m.quota, '$.per_month ? (@.type() == "number")')::numeric
            - jsonb_path_query_first(m.quota, '$.month ? (@.type() == "number")')::numeric
          ) as quota_left
      ) as q
    where m.group_id = g.group_id
  ) as s
cross join
  lateral (
    select
      coalesce(sum(o.segments) filter (where o.state = 'planned'), 0) as planned,
      coalesce(sum(o.leased_segments - o.reported) filter (where o.state = 'leased'), 0) as leased
    from send_batch as o
    where o.group_id = g.group_id and o.state in ('planned', 'leased')
  ) as b
where g.state = 'started' and g.deleted_at is null
order by g.group_id
