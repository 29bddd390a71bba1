-- What a quote says of the rendered texts: messages, parts and price by reason, encoding and parts.
select
  r.reason,
  r.encoding,
  r.segments,
  count(*) as messages,
  coalesce(sum(p.price), 0) as price
from rendered as r
left join price as p
  on r.reason is null and p.prefix = left(r.msisdn, %(digits)s) and p.segments = r.segments
group by r.reason, r.encoding, r.segments
