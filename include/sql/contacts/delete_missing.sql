-- Mode replace: contacts of the list that the file no longer has.
delete from contact as c
where
  c.list_id = %(list_id)s
  and not exists (select from staging_contact as s where s.msisdn = c.msisdn)
