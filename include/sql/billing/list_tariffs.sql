-- The versions of the tariffs, and who pays by them.
select
  jsonb_build_object(
    'tariff_id', t.tariff_id, 'tariff', t.code, 'valid_from', t.valid_from, 'version', t.version,
    'currency', t.currency, 'rates', jsonb_array_length(t.document -> 'rates'), 'loaded_at', t.loaded_at,
    'clients', (select coalesce(jsonb_agg(c.code order by c.code), '[]') from client as c where c.tariff = t.code)
  )
from tariff as t
where %(code)s::text is null or t.code = %(code)s
order by t.code, t.valid_from, t.version
