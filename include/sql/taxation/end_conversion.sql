-- The copy takes the place of taxdata, with all that the migrations gave to that; readers wait from here on.
set local enable_seqscan = off;
analyze taxdata_next;
select drop_ticket_views();
lock table taxdata in access exclusive mode;
alter table duplicate_ticket drop constraint duplicate_ticket_ticket_id_fkey;
do $$
begin
  execute format('comment on table taxdata_next is %L', obj_description('taxdata'::regclass));
end
$$;
drop table taxdata;
alter table taxdata_next rename to taxdata;
alter index taxdata_next_pkey rename to taxdata_pkey;
alter index taxdata_next_content_digest_idx rename to taxdata_content;
alter table duplicate_ticket add constraint duplicate_ticket_ticket_id_fkey
foreign key (ticket_id) references taxdata on delete cascade;
grant select on taxdata to smsswitch_app;
select create_ticket_views()
