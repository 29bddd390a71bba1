-- Old readings of the signal.
delete from modem_sample
where at < %(before)s
