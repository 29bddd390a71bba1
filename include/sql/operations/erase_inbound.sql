-- What the person wrote.
delete from inbound_message
where sender = %(msisdn)s
