-- The columns of taxdata with their types: what a layout is planned against.
select attname, format_type(atttypid, null)
from pg_attribute
where attrelid = 'taxdata'::regclass and attnum > 0 and not attisdropped
order by attnum
