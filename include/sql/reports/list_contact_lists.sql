-- A client's contact lists with their size and the numbers that opted out of them.
select
  l.name as list,
  l.label,
  count(c.contact_id) as contacts,
  count(*) filter (
    where exists (
      select from opt_out as o
      where o.msisdn = c.msisdn and (o.client_id is null or o.client_id = l.client_id)
    )
  ) as opted_out,
  l.updated_at
from contact_list as l left join contact as c using (list_id)
where l.client_id = %(client_id)s
group by l.list_id
order by l.updated_at desc, l.name asc
