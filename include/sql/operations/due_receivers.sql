-- Who has news that may be sent now.
select distinct receiver
from alert_delivery
where sent_at is null and next_at <= now()
order by receiver
