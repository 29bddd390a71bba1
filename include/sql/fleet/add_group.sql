-- A new group, started; one that was deleted comes back with its history.
insert into modem_group as g (mac, alias, modems, rate_limit, host_role)
values (%(mac)s, %(alias)s, %(modems)s, %(rate)s, %(host_role)s)
on conflict (mac) do update
  set
    alias = excluded.alias,
    modems = excluded.modems,
    rate_limit = excluded.rate_limit,
    host_role = excluded.host_role,
    state = 'started',
    deleted_at = null
  where g.deleted_at is not null
returning group_id
