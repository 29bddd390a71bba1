-- A key belongs to the group that reports it: no host can take another group's in advance.
alter table inbound_message
drop constraint inbound_message_journal_id_host_key_key,
add constraint inbound_message_told_once unique (group_id, journal_id, host_key);
