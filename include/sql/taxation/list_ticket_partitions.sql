-- The partitions of taxdata: their names, their bounds as DDL and as a condition, their comments.
select
  c.relname, pg_get_expr(c.relpartbound, c.oid), pg_get_partition_constraintdef(c.oid),
  obj_description(c.oid, 'pg_class')
from pg_inherits as i
join pg_class as c on c.oid = i.inhrelid
where i.inhparent = 'taxdata'::regclass
order by c.oid
