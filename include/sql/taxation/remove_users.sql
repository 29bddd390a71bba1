-- Entries of the PBXs that a file names, but not its entries.
delete from org_user as u
where
  u.pbx = any(%(pbx)s)
  and not exists (
    select from unnest(%(pbx)s::text[], %(extension)s::text[], %(valid_from)s::date[]) as n (pbx, extension, day)
    where n.pbx = u.pbx and n.extension = u.extension and n.day = u.valid_from
  )
