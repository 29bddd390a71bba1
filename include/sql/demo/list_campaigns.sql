-- Every campaign with its messages by state.
select
  c.name,
  c.state::text,
  c.reason,
  coalesce(jsonb_object_agg(n.state, n.messages) filter (where n.state is not null), '{}') as messages
from campaign as c
left join (
  select campaign_id, state, sum(messages) as messages from campaign_count group by 1, 2
) as n using (campaign_id)
group by c.campaign_id
order by c.campaign_id
