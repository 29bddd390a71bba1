-- The last runs of the analyses, newest first.
select
  jsonb_build_object(
    'run_id', run_id, 'treatment', treatment, 'trigger', trigger, 'occasion', occasion, 'actor', actor,
    'parameters', parameters, 'rows', result_rows, 'unmasked', unmasked, 'seconds', seconds,
    'started_at', started_at
  )
from treatment_run
where %(treatment)s::text is null or treatment = %(treatment)s
order by run_id desc
limit %(most)s
