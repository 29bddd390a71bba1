-- Old replies; that somebody said STOP stays in opt_out.
delete from inbound_message
where received_at < %(before)s
