-- Profiles and who has them.
select
  jsonb_build_object(
    'profile', p.profile, 'treatments', p.treatments, 'may_unmask', p.may_unmask,
    'members', coalesce(jsonb_agg(m.member order by m.member) filter (where m.member is not null), '[]')
  )
from taxation_profile as p
left join taxation_profile_member as m using (profile)
group by p.profile
order by p.profile
