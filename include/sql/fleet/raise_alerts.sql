-- Opens the alerts that hold now and closes those that do not any more. A detail is the same in every
-- language: a time, a number, a name.
with alive as (
  select group_id, alias
  from modem_group
  where deleted_at is null and state <> 'stopped' and last_heartbeat > now() - %(silent_after)s
),

weak as (
  select
    a.alias || '/' || s.imei as subject,
    avg(s.rssi) as rssi
  from alive as a
  inner join modem as m on a.group_id = m.group_id
  inner join modem_sample as s on m.group_id = s.group_id and m.imei = s.imei
  where s.at > now() - interval '15 minutes' and s.rssi is not null
  group by a.alias, s.imei
  having count(*) >= 3
),

used as (
  select
    a.alias || '/' || m.imei as subject,
    q.name,
    (m.quota ->> q.used)::numeric as used,
    (m.quota ->> q.allowed)::numeric as allowed
  from alive as a
  inner join modem as m on a.group_id = m.group_id
  cross join (
    values ('day', 'today', 'per_day'), ('month', 'month', 'per_month'),
    ('recipients', 'recipients', 'recipients_per_month')
  ) as q (name, used, allowed)
  where jsonb_typeof(m.quota -> q.used) = 'number' and jsonb_typeof(m.quota -> q.allowed) = 'number'
),

open_campaign as (
  select
    k.code || '/' || c.name as subject,
    c.campaign_id,
    c.expanded_at,
    c.window_from,
    c.window_until
  from campaign as c
  inner join client as k using (client_id)
  where
    c.state = 'sending'
    and exists (
      select from message as m where m.campaign_id = c.campaign_id and m.state in ('planned', 'leased')
    )
),

wanted as (
  select
    'group_lost' as kind,
    alias as subject,
    to_char(last_heartbeat, 'YYYY-MM-DD HH24:MI "UTC"') as detail
  from modem_group
  where
    deleted_at is null and state <> 'stopped' and last_heartbeat <= now() - %(lost_after)s
  union all
  select
    'group_silent',
    alias,
    to_char(last_heartbeat, 'YYYY-MM-DD HH24:MI "UTC"')
  from modem_group
  where
    deleted_at is null and state <> 'stopped'
    and last_heartbeat <= now() - %(silent_after)s and last_heartbeat > now() - %(lost_after)s
  union all
  select
    'clock_skew',
    g.alias,
    round(extract(epoch from g.clock_skew)) || ' s'
  from modem_group as g
  inner join alive using (group_id)
  where abs(extract(epoch from g.clock_skew)) > 30
  union all
  select
    'batch_silent',
    g.alias,
    count(*)::text
  from send_batch as b inner join modem_group as g using (group_id)
  where b.state = 'leased' and b.silent_at is not null
  group by g.alias
  union all
  select
    'no_working_modem',
    a.alias,
    ''
  from alive as a inner join modem_group as g using (group_id)
  where
    g.state = 'started'
    and not exists (select from modem as m where m.group_id = g.group_id and m.in_service)
    and exists (
      select from send_batch as b
      where b.group_id = g.group_id and b.state in ('planned', 'leased')
    )
  union all
  select
    'sim_failure',
    a.alias || '/' || m.imei,
    case when m.registration = 'denied' then 'registration denied' else 'SIM ' || m.sim_state end
  from alive as a
  inner join modem as m using (group_id)
  where m.sim_state in ('pin', 'puk', 'absent', 'failure', 'locked') or m.registration = 'denied'
  union all
  select
    'low_signal',
    subject,
    round(2 * rssi - 113) || ' dBm'
  from weak
  -- Begins at « très mauvais », ends a step higher, so that it does not come and go.
  where
    rssi <= 6
    or (
      rssi < 10 and exists (
        select from alert as o where o.kind = 'low_signal' and o.subject = weak.subject and o.over_at is null
      )
    )
  union all
  select
    'quota_near',
    subject || ' ' || name,
    max(used) || ' / ' || max(allowed)
  from used
  where allowed > 0 and used >= 0.8 * allowed
  group by subject, name
  union all
  select
    'campaign_stuck',
    c.subject,
    to_char(greatest(c.expanded_at, c.window_from), 'YYYY-MM-DD HH24:MI "UTC"')
  from open_campaign as c
  where
    greatest(c.expanded_at, c.window_from) < now() - interval '30 minutes'
    and (c.window_until is null or now() < c.window_until)
    and not exists (
      select from modem as m
      inner join segment as s on m.imei = s.imei
      inner join send_batch as b on s.batch_id = b.batch_id
      where s.updated_at > now() - interval '30 minutes' and b.campaign_id = c.campaign_id
    )
  union all
  select
    'uncertain_waiting',
    k.code || '/' || c.name,
    count(*)::text
  from campaign as c
  inner join client as k using (client_id)
  inner join message as m
    on c.activation_month = m.activation_month and c.campaign_id = m.campaign_id
  where m.state = 'uncertain'
  group by k.code, c.name
  union all
  -- Until a file of that name is loaded, a week at most.
  select
    'file_rejected',
    k.code || '/' || substring(u.key from '[^/]+$'),
    max(coalesce(u.reason, u.state::text))
  from upload as u
  inner join client as k using (client_id)
  where
    u.state in ('rejected', 'quarantined') and u.updated_at > now() - interval '7 days'
    and not exists (
      select from upload as later
      where
        later.client_id = u.client_id and later.upload_id > u.upload_id
        and later.state in ('loaded', 'duplicate')
        and substring(later.key from '[^/]+$') = substring(u.key from '[^/]+$')
    )
  group by k.code, substring(u.key from '[^/]+$')
  union all
  select
    'new_ticket_layout',
    first_pbx || '/' || ticket_version || '/' || left(layout, 12),
    columns || ' / ' || record_length
  from ticket_layout
  where approved_at is null and seen_at > now() - interval '1 day'
  union all
  select
    'news_undelivered',
    receiver,
    max(last_error)
  from alert_delivery
  where sent_at is null and attempts >= 3
  group by receiver
  union all
  select
    'low_credit',
    c.code,
    b.balance || ' EUR'
  from client as c inner join client_balance as b using (client_id)
  where
    b.balance < c.low_credit
    and exists (select from ledger_entry as l where l.client_id = c.client_id)
),

closed as (
  update alert as a set over_at = now()
  where
    a.over_at is null
    and a.kind in (
      'group_lost', 'group_silent', 'clock_skew', 'batch_silent', 'no_working_modem', 'low_credit',
      'sim_failure', 'low_signal', 'quota_near', 'campaign_stuck', 'uncertain_waiting', 'file_rejected',
      'new_ticket_layout', 'news_undelivered'
    )
    and not exists (select from wanted as w where w.kind = a.kind and w.subject = a.subject)
),

opened as (
  insert into alert (kind, subject, detail)
  select
    w.kind,
    w.subject,
    coalesce(w.detail, '')
  from wanted as w
  on conflict (kind, subject) where over_at is null do nothing
)

select
  kind,
  subject,
  detail
from wanted
order by kind, subject
