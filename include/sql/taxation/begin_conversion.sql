-- Columns are converted in copies of the partitions of taxdata, which readers go on reading meanwhile: nobody
-- waits for a million tickets to be written anew. Who would change a ticket waits.
set local enable_seqscan = on;
lock table taxdata in share row exclusive mode
