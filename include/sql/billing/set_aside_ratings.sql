-- Before calls are rated: what was said of them so far is superseded, a price stays for ever. An earlier
-- "no price" under the same version is taken back, since the same version is asked again; a price that
-- the same version has given before counts again, without being worked out anew. Few of many rated calls are
-- looked at here, unless all are.
set local enable_nestloop = on;
create temporary table rating_again (ticket_id bigint, tariff_id bigint) on commit drop;
insert into rating_again (ticket_id, tariff_id)
select ticket_id, tariff_id from rating_call where %(again)s and tariff_id is not null;

create temporary table rating_before on commit drop as
select
  r.ticket_id, r.tariff_id, r.cost, r.currency, r.reason, r.explanation, r.rate_index, r.charged, r.next_index,
  r.next_charged
from rated_ticket as r
join rating_call as c using (ticket_id)
where not r.superseded and c.tariff_id is not null;

delete from rated_ticket as r
using rating_call as c
where r.ticket_id = c.ticket_id and r.tariff_id = c.tariff_id and r.cost is null;

update rated_ticket as r set superseded = true
from rating_call as c
where r.ticket_id = c.ticket_id and c.tariff_id is not null and not r.superseded;

update rated_ticket as r set superseded = false
from rating_call as c
where r.ticket_id = c.ticket_id and r.tariff_id = c.tariff_id;

delete from rating_call as c
using rated_ticket as r
where r.ticket_id = c.ticket_id and r.tariff_id = c.tariff_id;

set local enable_nestloop = off
