-- Each news of an alert once for each receiver that wants its kind: that it was raised, and later, to those who
-- were told, that it is over. Clients get their own alerts only.
with receiver as (
  select
    r."to" as address,
    coalesce(r.language, 'fr') as language,
    r.kinds,
    null::text as client
  from jsonb_to_recordset(%(receivers)s) as r ("to" text, language text, kinds text [])
  union all
  select
    alert_address,
    language,
    array['low_credit', 'file_rejected'],
    code
  from client
  where alert_address is not null
),

raised as (
  insert into alert_delivery (alert_id, news, receiver, language)
  select distinct on (a.alert_id, r.address)
    a.alert_id,
    'raised',
    r.address,
    r.language
  from alert as a
  inner join receiver as r
    on
      (r.kinds is null or a.kind = any(r.kinds))
      and (r.client is null or a.subject = r.client or starts_with(a.subject, r.client || '/'))
      -- Who cannot be reached is not told so by the same way.
      and not (a.kind = 'news_undelivered' and a.subject = r.address)
  where a.over_at is null or a.over_at > now() - interval '1 hour'
  order by a.alert_id asc, r.address asc, r.client asc nulls first
  on conflict (alert_id, news, receiver) do nothing
  returning alert_id
),

over as (
  insert into alert_delivery (alert_id, news, receiver, language)
  select
    d.alert_id,
    'over',
    d.receiver,
    d.language
  from alert_delivery as d
  inner join alert as a using (alert_id)
  where
    d.news = 'raised' and a.over_at is not null
    -- Every minute: not one attempt more for each of all the alerts that ever were.
    and not exists (
      select from alert_delivery as o
      where o.alert_id = d.alert_id and o.receiver = d.receiver and o.news = 'over'
    )
  on conflict (alert_id, news, receiver) do nothing
  returning alert_id
)

select (select count(*) from raised) + (select count(*) from over)
