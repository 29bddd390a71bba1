-- What a person may change of a group.
update modem_group set
  alias = %(alias)s, modems = %(modems)s, rate_limit = %(rate)s, permit_per_modem = %(permit)s
where group_id = %(group_id)s
