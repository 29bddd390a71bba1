-- Why messages of the period's campaigns were skipped or failed.
select m.state::text as state, coalesce(m.reason, '') as reason, count(*) as messages
from message as m
inner join campaign as c using (campaign_id)
where
  m.state in ('skipped', 'failed', 'undelivered')
  and coalesce(c.activated_at, c.created_at) >= %(since)s
  and coalesce(c.activated_at, c.created_at) < %(until)s
group by m.state, m.reason
order by messages desc, state asc, reason asc
