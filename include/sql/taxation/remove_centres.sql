-- Cost centres that a file does not name.
delete from cost_centre as c
where
  not exists (
    select from unnest(%(code)s::text[], %(valid_from)s::date[]) as n (code, day)
    where n.code = c.code and n.day = c.valid_from
  )
