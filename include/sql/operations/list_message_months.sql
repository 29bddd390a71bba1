-- The months of messages that there are, oldest first.
select to_date(substring(c.relname from '[0-9]{6}$'), 'YYYYMM') as month
from pg_inherits as i
inner join pg_class as c on i.inhrelid = c.oid
where i.inhparent = 'message'::regclass and c.relname ~ '^message_[0-9]{6}$'
order by month
