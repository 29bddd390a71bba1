-- Hosts hear of it at their next heartbeat, and at once where they listen.
update send_batch set revoked = true
where campaign_id = %(campaign_id)s and state = 'leased' and not revoked
