-- A profile as it is given, whatever it was.
insert into taxation_profile (profile, treatments, may_unmask)
values (%(profile)s, %(treatments)s, %(may_unmask)s)
on conflict (profile) do update set treatments = excluded.treatments, may_unmask = excluded.may_unmask
