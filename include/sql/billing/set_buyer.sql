-- Who a client is in law, for its next invoices; issued ones keep what they say.
insert into client_identity (client_id, legal_name, siren, vat_number, address, postcode, city, country, email)
select client_id, %(legal_name)s, %(siren)s, %(vat_number)s, %(address)s, %(postcode)s, %(city)s, %(country)s, %(email)s
from client
where code = %(code)s
on conflict (client_id) do update set
legal_name = excluded.legal_name,
siren = excluded.siren,
vat_number = excluded.vat_number,
address = excluded.address,
postcode = excluded.postcode,
city = excluded.city,
country = excluded.country,
email = excluded.email,
updated_at = now()
returning client_id
