-- One line in the log for each batch that is over.
alter table send_batch add column logged boolean not null default true;
alter table send_batch alter column logged set default false;
update send_batch set logged = false where done_at is null;
create index send_batch_unlogged on send_batch (batch_id) where not logged and done_at is not null;
comment on column send_batch.logged is 'The roll-up has told its end in the log; those that were over before it did so count as told.';
