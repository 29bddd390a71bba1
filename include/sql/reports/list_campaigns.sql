-- A client's campaigns, newest first, each with its messages by state, those of dropped months too. Asked every
-- minute: unless "complete", campaigns that ended a day ago come from their tally. "counted": it is to be
-- remembered there.
select
  c.campaign_id,
  c.name,
  l.name as list,
  c.state::text as state,
  c.reason,
  c.purpose,
  c.spec -> 'message' as text,
  c.created_at,
  c.activated_at,
  c.finished_at,
  coalesce(t.counts, n.counts, '{}') as counts,
  coalesce(t.cost, n.cost, 0) as cost,
  coalesce(t.segments, n.segments, 0)::bigint as segments,
  t.campaign_id is null and coalesce(c.finished_at < now() - interval '1 day', false) as counted
from campaign as c
left join contact_list as l using (list_id)
left join campaign_tally as t
  on t.campaign_id = c.campaign_id and not %(complete)s and c.finished_at < now() - interval '1 day'
cross join lateral (
  select
    jsonb_object_agg(s.state, s.messages) as counts,
    sum(s.price) filter (where s.state in ('sent', 'delivered', 'undelivered')) as cost,
    sum(s.segments) filter (where s.state in ('sent', 'delivered', 'undelivered')) as segments
  from (
    select m.state, count(*) as messages, sum(m.price) as price, sum(m.segments) as segments
    from message as m
    where
      t.campaign_id is null
      and m.activation_month = c.activation_month and m.campaign_id = c.campaign_id
    group by m.state
    union all
    select a.state, sum(a.messages)::bigint, sum(a.price), sum(a.segments)
    from campaign_archive as a
    where t.campaign_id is null and a.campaign_id = c.campaign_id
    group by a.state
  ) as s
) as n
where c.client_id = %(client_id)s
order by coalesce(c.activated_at, c.created_at) desc, c.campaign_id desc
