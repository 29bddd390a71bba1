-- A quote is kept as it was shown, so that an activation can cite it.
insert into quote (quote_id, campaign_id, spec_sha256, cost, body)
values (%(quote_id)s, %(campaign_id)s, %(spec_sha256)s, %(cost)s, %(body)s)
returning expires_at
