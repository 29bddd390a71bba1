-- A run of an analysis, kept with its parameters; its rows follow in treatment_result.
insert into treatment_run (treatment, trigger, parameters, seconds, columns, result_rows)
values (%s, %s, %s, %s, %s, %s)
returning run_id
