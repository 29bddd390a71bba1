-- The months of signal history that have a partition of their own, oldest first.
select to_date(substring(c.relname from '[0-9]{6}$'), 'YYYYMM') as month
from pg_inherits as i
inner join pg_class as c on i.inhrelid = c.oid
where i.inhparent = 'modem_sample'::regclass and c.relname ~ '^modem_sample_[0-9]{6}$'
order by month
