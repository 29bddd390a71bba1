-- An invoice or credit note under the number just counted.
insert into invoice (
  number, kind, sequence, client_id, period, revision, corrects, issued_on, due_on, net, vat, gross, prepaid,
  payable, document
) values (
  %(number)s, %(kind)s, %(sequence)s, %(client_id)s, %(period)s, %(revision)s, %(corrects)s, %(issued_on)s,
  %(due_on)s, %(net)s, %(vat)s, %(gross)s, %(prepaid)s, %(payable)s, %(document)s
)
returning invoice_id
