-- Whether a list of that name holds contacts that came of a contact file: not one of a quick send.
select exists(
  select from contact_list as l
  inner join contact using (list_id)
  inner join upload as u using (upload_id)
  where l.client_id = %(client_id)s and l.name = %(name)s and u.kind <> 'command'
)
