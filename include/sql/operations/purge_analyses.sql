-- Old runs of analyses with their results.
delete from treatment_run
where started_at < %(before)s
