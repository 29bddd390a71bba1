-- R9: the clients that a month was invoiced to, cancelled invoices aside.
select c.code as client
from invoice as i
join client as c using (client_id)
where
  i.kind = 'invoice' and i.period = %(month)s
  and not exists (select from invoice as n where n.corrects = i.invoice_id)
