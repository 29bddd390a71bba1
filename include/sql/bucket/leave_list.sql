-- Campaigns that no longer need the contacts let go of the list; one activated meanwhile keeps it.
update campaign
set list_id = null
where
  list_id = %(list_id)s
  and state not in ('awaiting_approval', 'scheduled', 'expanding', 'sending', 'paused')
