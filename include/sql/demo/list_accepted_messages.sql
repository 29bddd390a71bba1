-- What should have reached the network, to be held against the modems' own log.
select msisdn, text, state::text
from message
where state in ('sent', 'delivered', 'undelivered', 'uncertain')
