-- Who has which extension on a day, and the cost centres of that day.
select jsonb_build_object(
  'users', (
    select
      coalesce(jsonb_agg(to_jsonb(u) order by u.pbx, u.extension), '[]')
    from org_user_span as u
    where u.valid_from <= %(at)s and (u.valid_to is null or u.valid_to >= %(at)s)
  ),
  'cost_centres', (
    select
      coalesce(jsonb_agg(to_jsonb(c) order by c.code), '[]')
    from cost_centre_span as c
    where c.valid_from <= %(at)s and (c.valid_to is null or c.valid_to >= %(at)s)
  )
)
