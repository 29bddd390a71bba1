-- Change what is given of a PBX, leave the rest.
update pbx set
  client_id = coalesce(%(client_id)s, client_id),
  timezone = coalesce(%(timezone)s, timezone),
  charset = coalesce(%(charset)s, charset),
  dial_plan = dial_plan || coalesce(%(dial_plan)s::jsonb, '{}'),
  policy = coalesce(%(policy)s::spool_policy, policy),
  blanks_stripped = coalesce(%(blanks_stripped)s, blanks_stripped)
where code = %(code)s
returning jsonb_build_object(
  'pbx', code, 'client', (select c.code from client as c where c.client_id = pbx.client_id),
  'timezone', timezone, 'charset', charset, 'policy', policy, 'blanks_stripped', blanks_stripped,
  'dial_plan', dial_plan
)
