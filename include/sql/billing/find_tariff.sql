-- The version of a tariff that counts on a day: the latest valid_from, of those the latest loaded.
select tariff_id, document
from tariff
where code = %(code)s and valid_from <= %(on_day)s
order by valid_from desc, version desc
limit 1
