-- A client's campaigns, newest first, each with its messages by state.
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
  coalesce(n.counts, '{}') as counts,
  coalesce(n.cost, 0) as cost,
  coalesce(n.segments, 0)::bigint as segments
from campaign as c
left join contact_list as l using (list_id)
left join (
  select
    campaign_id,
    jsonb_object_agg(state, messages) as counts,
    sum(cost) as cost,
    sum(segments) as segments
  from (
    select
      campaign_id,
      state,
      count(*) as messages,
      sum(price) filter (where state in ('sent', 'delivered', 'undelivered')) as cost,
      sum(segments) filter (where state in ('sent', 'delivered', 'undelivered')) as segments
    from message
    group by campaign_id, state
  ) as by_state
  group by campaign_id
) as n using (campaign_id)
where
  c.client_id = %(client_id)s
  and (%(campaign_id)s::bigint is null or c.campaign_id = %(campaign_id)s)
order by coalesce(c.activated_at, c.created_at) desc, c.campaign_id desc
