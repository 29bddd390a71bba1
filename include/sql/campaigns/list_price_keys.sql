-- The few kinds of messages that may differ in price: beginning of the number and parts, with one
-- number of each kind.
select left(msisdn, %(digits)s) as prefix, segments, min(msisdn) as msisdn
from rendered
where reason is null
group by 1, 2
