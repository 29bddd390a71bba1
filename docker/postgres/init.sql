-- Run once by start.sh, as the superuser, when the data folder is made: the two
-- databases and their logins, so that no part of the centre ever needs a superuser again.
-- The roles are those of include/sql/bootstrap.sql; whoever migrates must find them made.
\set ON_ERROR_STOP on
\getenv airflow_password airflow_database_password
\getenv migrate_password migrate_password
\getenv pipelines_password pipelines_password

-- Airflow's own state, in a database of its own: nothing of the business is kept there.
create role airflow login password :'airflow_password';
create database airflow owner airflow;
revoke connect, temporary on database airflow from public;

create role smsswitch_owner nologin createrole;
create role smsswitch_app nologin;
create role smsswitch_reader nologin;
create role smsswitch_taxation nologin;
create role smsswitch_unmask nologin;
create role smsswitch_auditor nologin;
create role modem_host nologin;
-- The owner makes and locks the hosts' logins, by one function of the migrations.
grant modem_host to smsswitch_owner with admin option;
grant smsswitch_taxation to smsswitch_owner;

-- Migrations only: used by the one-shot service `migrate`.
create role smsswitch_migrate login password :'migrate_password';
grant smsswitch_owner, smsswitch_app, smsswitch_reader, smsswitch_taxation,
smsswitch_unmask, smsswitch_auditor, modem_host to smsswitch_migrate;
create database smsswitch owner smsswitch_migrate;
revoke connect, temporary on database smsswitch from public;

-- The pipelines: nothing by itself; DML as smsswitch_app, the columns of taxdata as smsswitch_taxation,
-- analyses as smsswitch_reader, with whole numbers as smsswitch_unmask (audited first, see open_unmasking).
create role smsswitch_pipelines login noinherit password :'pipelines_password';
grant smsswitch_app, smsswitch_taxation, smsswitch_reader, smsswitch_unmask to smsswitch_pipelines;
grant connect on database smsswitch to smsswitch_pipelines, modem_host;
