-- Opens the alerts that hold now and closes those that do not any more.
with wanted as (
  select 'group_lost' as kind, alias as subject, 'not heard of since ' || last_heartbeat as detail
  from modem_group
  where
    deleted_at is null and state <> 'stopped' and last_heartbeat <= now() - %(lost_after)s
  union all
  select 'group_silent', alias, 'not heard of since ' || last_heartbeat
  from modem_group
  where
    deleted_at is null and state <> 'stopped'
    and last_heartbeat <= now() - %(silent_after)s and last_heartbeat > now() - %(lost_after)s
  union all
  select 'clock_skew', alias, 'clock off by ' || clock_skew
  from modem_group
  where
    deleted_at is null and state <> 'stopped'
    and last_heartbeat > now() - %(silent_after)s
    and abs(extract(epoch from clock_skew)) > 30
  union all
  select 'batch_silent', g.alias, count(*) || ' batches'
  from send_batch as b join modem_group as g using (group_id)
  where b.state = 'leased' and b.silent_at is not null
  group by g.alias
  union all
  select 'no_working_modem', g.alias, 'batches wait for it'
  from modem_group as g
  where
    g.deleted_at is null and g.state = 'started'
    and g.last_heartbeat > now() - %(silent_after)s
    and not exists (select from modem as m where m.group_id = g.group_id and m.in_service)
    and exists (
      select from send_batch as b
      where b.group_id = g.group_id and b.state in ('planned', 'leased')
    )
  union all
  select 'low_credit', c.code, b.balance || ' EUR left'
  from client as c join client_balance as b using (client_id)
  where
    b.balance < c.low_credit
    and exists (select from ledger_entry as l where l.client_id = c.client_id)
),
closed as (
  update alert as a set over_at = now()
  where
    a.over_at is null
    and a.kind in (
      'group_lost', 'group_silent', 'clock_skew', 'batch_silent', 'no_working_modem', 'low_credit'
    )
    and not exists (select from wanted as w where w.kind = a.kind and w.subject = a.subject)
),
opened as (
  insert into alert (kind, subject, detail)
  select w.kind, w.subject, w.detail from wanted as w
  on conflict (kind, subject) where over_at is null do nothing
)
select kind, subject, detail from wanted order by kind, subject
