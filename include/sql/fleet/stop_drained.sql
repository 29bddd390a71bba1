-- A draining group that holds nothing any more has stopped.
update modem_group as g set state = 'stopped'
where
  g.state = 'draining'
  and not exists (
    select from send_batch as b where b.group_id = g.group_id and b.state = 'leased'
  )
returning g.alias
