-- A client and who it is in law. Its row is locked: one invoice of a client after the other.
select
  c.client_id, c.code, c.name, c.language, i.legal_name, i.siren, i.vat_number, i.address, i.postcode, i.city,
  i.country, i.email
from client as c
left join client_identity as i using (client_id)
where c.code = %(code)s
for no key update of c
