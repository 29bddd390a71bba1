-- Messages that the network took and has not reported on yet.
select count(*) from message where state = 'sent'
