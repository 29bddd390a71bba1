-- Whether a ticket lies between two digests, so that new ones there may be doubles of it.
select exists(select from taxdata where content_digest between %(low)s::uuid and %(high)s::uuid)
