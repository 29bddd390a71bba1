-- A client's invoices and credit notes, newest first; a credit note takes its amounts back.
select
  i.number,
  i.kind::text as kind,
  to_char(i.period, 'YYYY-MM') as period,
  i.issued_on,
  i.due_on,
  s.sign * i.gross as gross,
  s.sign * i.payable as payable
from invoice as i
cross join lateral (select case i.kind when 'credit_note' then -1 else 1 end as sign) as s
where i.client_id = %(client_id)s
order by i.invoice_id desc
