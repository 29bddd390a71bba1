-- The copies are to take the place of the partitions; readers wait from here on.
set local enable_seqscan = off;
select drop_ticket_views();
lock table taxdata in access exclusive mode;
alter table duplicate_ticket drop constraint duplicate_ticket_ticket_id_fkey
