-- Where the number stays after an erasure, and how often.
select
  (
    select count(*) from message
    where msisdn = %(msisdn)s and state in ('planned', 'leased', 'uncertain')
  ) as held,
  (
    select count(*) from opt_out
    where msisdn = %(msisdn)s
  ) as opt_outs,
  (
    select count(*) from audit_entry
    where subject = %(msisdn)s or detail::text ~ %(pattern)s
  ) as audit
