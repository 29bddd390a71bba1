-- A client's pages are looked through every minute. What its campaigns of long ago came to is not counted again
-- each time from all their messages.
create table campaign_tally (
  campaign_id bigint primary key references campaign on delete cascade,
  counts jsonb not null,
  cost numeric not null,
  segments bigint not null
);
comment on table campaign_tally is 'What campaigns that ended more than a day ago came to, as the hourly pass over the clients'' pages last counted it.';
comment on column campaign_tally.counts is 'Messages by state.';
comment on column campaign_tally.cost is 'Of the messages that were sent, EUR net of VAT; segments likewise.';

grant select, insert, update on campaign_tally to smsswitch_app;
