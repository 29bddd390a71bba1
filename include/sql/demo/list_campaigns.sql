-- Every campaign with its quote, its messages by state, and why it was refused if it was.
select
  c.name,
  k.code,
  c.state::text,
  c.reason,
  coalesce(
    (
      select jsonb_object_agg(n.state, n.messages)
      from (
        select state, sum(messages) as messages
        from campaign_count
        where campaign_id = c.campaign_id
        group by state
      ) as n
    ),
    '{}'
  ) as messages,
  (
    select count(*)
    from message as m
    where m.campaign_id = c.campaign_id and m.state = 'planned' and m.attempts > 0
  ) as again,
  (
    select jsonb_build_object(
      'recipients', q.body -> 'recipients', 'segments', q.body -> 'segments', 'encoding', q.body -> 'encoding',
      'cost', q.body -> 'cost', 'credit_after', q.body -> 'credit_after'
    )
    from quote as q
    where q.campaign_id = c.campaign_id
    order by q.created_at desc
    limit 1
  ) as quote,
  u.receipt #>> '{errors,0,message_en}' as refusal
from campaign as c
inner join client as k using (client_id)
left join upload as u using (upload_id)
order by c.campaign_id
