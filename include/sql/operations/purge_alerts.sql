-- Alerts that have been over for long, with the news of them.
delete from alert
where over_at < %(before)s
