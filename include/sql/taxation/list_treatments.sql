-- The predefined analyses.
select
  jsonb_build_object(
    'name', name, 'title_en', title_en, 'title_fr', title_fr, 'parameters', parameters, 'triggers', triggers,
    'threshold', threshold
  )
from treatment
order by name
