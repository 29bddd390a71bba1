-- An unchanged page need not be written again.
insert into client_page (client_id, page, digest) values (%(client_id)s, %(page)s, %(digest)s)
on conflict (client_id, page) do update set digest = excluded.digest, written_at = now()
