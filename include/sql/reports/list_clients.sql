-- The clients whose pages are to be written, with their credit.
select
  c.client_id,
  c.code,
  c.name,
  c.language,
  c.low_credit,
  b.balance,
  b.held
from client as c inner join client_balance as b using (client_id)
where %(code)s::text is null or c.code = %(code)s
order by c.code
