-- R9: the invoices and credit notes issued in a period, by number.
select
  i.number, i.kind::text as kind, c.code as client, i.period, i.issued_on, i.due_on, i.net, i.vat, i.gross,
  i.prepaid, i.payable, o.number as corrects, b.number as corrected_by
from invoice as i
join client as c using (client_id)
left join invoice as o on o.invoice_id = i.corrects
left join invoice as b on b.corrects = i.invoice_id
where i.issued_on >= %(first)s and i.issued_on < %(after)s
order by i.invoice_id
