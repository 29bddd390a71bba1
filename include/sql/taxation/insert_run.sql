-- A run of an analysis, kept with its parameters; its rows follow in treatment_result. Nothing if it
-- was run for that occasion before.
insert into treatment_run (
  treatment, trigger, parameters, seconds, columns, result_rows, occasion, actor, unmasked, load_number
)
values (
  %(treatment)s, %(trigger)s, %(parameters)s, %(seconds)s, %(columns)s, %(result_rows)s, %(occasion)s,
  %(actor)s, %(unmasked)s, (select coalesce(max(load_number), 0) from spooled_file)
)
on conflict (treatment, trigger, occasion) do nothing
returning run_id
