-- Why messages of the period's campaigns were skipped or failed, those that retention has dropped too.
select s.state::text as state, coalesce(s.reason, '') as reason, sum(s.messages)::bigint as messages
from (
  select m.campaign_id, m.state, m.reason, count(*) as messages
  from message as m
  where
    m.activation_month >= date_trunc('month', %(since)s at time zone 'UTC')
    and m.activation_month < %(until)s at time zone 'UTC'
    and m.state in ('skipped', 'failed', 'undelivered')
  group by m.campaign_id, m.state, m.reason
  union all
  select campaign_id, state, reason, messages
  from campaign_archive
  where state in ('skipped', 'failed', 'undelivered')
) as s
inner join campaign as c using (campaign_id)
where
  coalesce(c.activated_at, c.created_at) >= %(since)s
  and coalesce(c.activated_at, c.created_at) < %(until)s
group by s.state, s.reason
order by messages desc, state asc, reason asc
