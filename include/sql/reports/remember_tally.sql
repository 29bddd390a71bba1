-- What a campaign that is over came to.
insert into campaign_tally as t (campaign_id, counts, cost, segments)
values (%(campaign_id)s, %(counts)s, %(cost)s, %(segments)s)
on conflict (campaign_id) do update
  set
    counts = excluded.counts,
    cost = excluded.cost,
    segments = excluded.segments
  where (t.counts, t.cost, t.segments) is distinct from (excluded.counts, excluded.cost, excluded.segments)
