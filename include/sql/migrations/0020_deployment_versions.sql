-- The pipelines may see which migrations have run: a task of a newer program waits for those that are missing.
grant select on schema_migration to smsswitch_app;
