-- What a person may do with the analyses; who is no member has the profile everyone.
select profile, treatments, may_unmask
from taxation_profile
where
  profile = coalesce((select m.profile from taxation_profile_member as m where m.member = %(member)s), 'everyone')
