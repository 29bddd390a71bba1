-- Every client with its credit.
select c.code, c.name, c.language, c.tariff, c.approve_above, b.balance, b.held
from client as c inner join client_balance as b using (client_id)
order by c.code
