-- How one PBX writes its files.
select code, timezone, charset, blanks_stripped, policy::text
from pbx
where code = %(code)s
