-- Every contact of a list, for its workbook.
select msisdn as phone, first_name, last_name, variable1, variable2, variables
from contact
where list_id = %(list_id)s
order by msisdn
