-- One profile a person.
insert into taxation_profile_member (member, profile) values (%(member)s, %(profile)s)
on conflict (member) do update set profile = excluded.profile
