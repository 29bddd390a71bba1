-- A client's list as its summary tells it; changed_at is when a contact of it last changed.
select
  l.list_id,
  k.code as client,
  k.language,
  l.label,
  l.variables,
  l.created_at,
  count(c.contact_id) as contacts,
  count(*) filter (
    where exists (
      select from opt_out as o
      where o.msisdn = c.msisdn and (o.client_id is null or o.client_id = l.client_id)
    )
  ) as opted_out,
  max(c.updated_at) as changed_at
from contact_list as l
inner join client as k using (client_id)
left join contact as c using (list_id)
where l.client_id = %(client_id)s and l.name = %(name)s
group by l.list_id, k.client_id
