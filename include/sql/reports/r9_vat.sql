-- R9: net and VAT by rate of what was issued in a period, credit notes taken off.
select
  (v.row ->> 'percent')::numeric as percent,
  sum(s.sign * (v.row ->> 'base')::numeric) as net,
  sum(s.sign * (v.row ->> 'amount')::numeric) as vat
from invoice as i
cross join lateral (select case i.kind when 'invoice' then 1 else -1 end as sign) as s
cross join lateral jsonb_array_elements(i.document -> 'vat') as v (row)
where i.issued_on >= %(first)s and i.issued_on < %(after)s
group by 1
order by 1
