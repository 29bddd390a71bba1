-- Invoices and credit notes, the oldest first: of a client, of a month, or one by its number.
select
  i.invoice_id, i.number, i.kind::text as kind, c.client_id, c.code as client, i.period, i.revision, i.issued_on,
  i.due_on, i.net, i.vat, i.gross, i.prepaid, i.payable, o.number as corrects, b.number as corrected_by, i.document
from invoice as i
join client as c using (client_id)
left join invoice as o on o.invoice_id = i.corrects
left join invoice as b on b.corrects = i.invoice_id
where
  (%(client)s::text is null or c.code = %(client)s)
  and (%(period)s::date is null or i.period = %(period)s)
  and (%(number)s::text is null or i.number = %(number)s)
order by i.invoice_id
