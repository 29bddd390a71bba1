-- What is old of the samples that are in no partition of a month.
select count(*) from modem_sample
where at < least(sample_months_since(), %(before)s)
