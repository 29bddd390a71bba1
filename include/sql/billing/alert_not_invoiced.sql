-- A person has to complete something before this client can be invoiced; the alert ends with the invoice.
insert into alert (kind, subject, detail)
values ('not_invoiced', %(client)s, %(detail)s)
on conflict (kind, subject) where over_at is null do update set detail = excluded.detail
