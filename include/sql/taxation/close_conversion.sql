-- The copies are in their places: what pointed to the tickets does so again.
alter table duplicate_ticket add constraint duplicate_ticket_ticket_id_fkey
foreign key (ticket_id) references taxdata on delete cascade;
select create_ticket_views()
