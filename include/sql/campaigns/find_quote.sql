-- The quote that an activation cites.
select spec_sha256, cost, expires_at <= now() as expired
from quote where quote_id = %(quote_id)s and campaign_id = %(campaign_id)s
