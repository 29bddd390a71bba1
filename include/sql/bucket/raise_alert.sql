-- At most one open alert per kind and subject.
insert into alert (kind, subject, detail)
values (%(kind)s, %(subject)s, %(detail)s)
on conflict (kind, subject) where over_at is null do nothing
