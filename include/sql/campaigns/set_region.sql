-- The next window of a campaign in one region.
insert into campaign_region (campaign_id, region, window_from, window_until)
values (%(campaign_id)s, %(region)s, %(opens)s, %(closes)s)
on conflict (campaign_id, region) do update set
window_from = excluded.window_from, window_until = excluded.window_until
