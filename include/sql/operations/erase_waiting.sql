-- What was still planned for the person is not to be sent; its price goes back with the next roll-up.
update message
set state = 'skipped', reason = 'erased', final_at = now()
where msisdn = %(msisdn)s and state = 'planned'
