-- The columns of taxdata that may hold the number of an outside party.
select a.attname
from ticket_field as f
inner join pg_attribute as a on f.column_name = a.attname
where f.masked and a.attrelid = 'taxdata'::regclass and not a.attisdropped
order by f.position
