-- The person's entries in contact lists.
delete from contact
where msisdn = %(msisdn)s
