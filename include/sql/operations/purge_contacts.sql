-- Contacts of whom nothing was heard: neither changed, nor in a list that a campaign used, since then.
delete from contact as c
using contact_list as l
where
  c.list_id = l.list_id and c.updated_at < %(before)s
  and not exists (
    select from campaign as k
    where k.list_id = l.list_id and coalesce(k.activated_at, k.created_at) >= %(before)s
  )
