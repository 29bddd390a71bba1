-- A group by its MAC address or its alias.
select
  group_id, mac::text as mac, alias, modems, state::text as state, rate_limit as rate,
  permit_per_modem as permit, host_role
from modem_group
where deleted_at is null and (mac = %(mac)s::macaddr or alias = %(alias)s)
order by mac = %(mac)s::macaddr desc nulls last
limit 1
