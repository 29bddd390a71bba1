-- The wish to be left alone itself: only where the person asks for that too.
delete from opt_out
where msisdn = %(msisdn)s
