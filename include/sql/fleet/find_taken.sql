-- Whether the MAC address, or the alias, is that of a group.
select
  exists(select from modem_group where deleted_at is null and mac = %(mac)s::macaddr),
  exists(select from modem_group where deleted_at is null and alias = %(alias)s)
