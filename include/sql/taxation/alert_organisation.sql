-- A person should mend the file and drop it again.
insert into alert (kind, subject, detail) values ('organisation_refused', %(subject)s, %(detail)s)
on conflict do nothing
