-- A run of an analysis, kept with its parameters; its rows follow in treatment_result.
insert into treatment_run (treatment, trigger, parameters, seconds, columns, result_rows)
values (%(treatment)s, %(trigger)s, %(parameters)s, %(seconds)s, %(columns)s, %(result_rows)s)
returning run_id
