-- Who confirmed what was loaded.
insert into audit_entry (actor, action, subject, detail)
values (%(actor)s, %(action)s, %(subject)s, %(detail)s)
