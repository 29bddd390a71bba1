-- Recipients who live where the campaign's hours and the lawful ones never meet are not written to.
update rendered set reason = 'no_window'
where reason is null and left(msisdn, 10) = any(%(beginnings)s)
