-- One transaction of files at a time, and whoever else holds taxdata does not hold us up for long. A
-- file is a few rows beside those that are stored: keys are the way to them, whatever the statistics
-- say yet.
select pg_advisory_xact_lock(%(lock)s);
set local lock_timeout = '5s';
set local enable_seqscan = off;
set local jit = off;
select open_ticket_month()
