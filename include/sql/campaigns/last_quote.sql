-- The quote as last shown.
select body from quote where campaign_id = %(campaign_id)s order by created_at desc, quote_id limit 1
