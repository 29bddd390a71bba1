-- A new client; its code is its prefix in the bucket.
insert into client (code, name, language, tariff, approve_above)
values (%(code)s, %(name)s, %(language)s, %(tariff)s, %(approve_above)s)
on conflict (code) do nothing
returning client_id
