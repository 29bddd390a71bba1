-- Sending hours where the recipient lives: batches of one region, and each campaign's window there.
alter table client
add column holidays text not null default 'national' check (holidays ~ '^[a-z_]+$');
comment on column client.holidays is 'Which public holidays its recipients at home have: a key of client_calendars in include/campaigns/compliance.yaml.';

alter table send_batch add column region text;
comment on column send_batch.region is 'Country and time zones of all its recipients, where the campaign''s own window does not hold for them; null = home.';

create table campaign_region (
  campaign_id bigint not null references campaign on delete cascade,
  region text not null,
  window_from timestamptz not null,
  window_until timestamptz not null,
  primary key (campaign_id, region)
);
comment on table campaign_region is 'The next sending window of a campaign in a region other than home, kept up to date by expansion.';
comment on column campaign_region.window_from is 'No message of such a batch may be claimed before window_from nor after window_until; infinity = never again.';
grant select, insert, update on campaign_region to smsswitch_app;
grant select on campaign_region to smsswitch_reader;
