-- Only what belongs to us in this database: the demo's own earlier day.
drop owned by smsswitch_taxation, smsswitch_owner cascade
