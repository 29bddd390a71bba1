-- A tariff file as one more version; what was loaded before under that name is not loaded again.
insert into tariff (code, valid_from, version, currency, document, sha256)
select
  %(code)s,
  %(valid_from)s,
  coalesce((select max(version) from tariff where code = %(code)s and valid_from = %(valid_from)s), 0) + 1,
  %(currency)s,
  %(document)s,
  %(sha256)s
on conflict (code, sha256) do nothing
