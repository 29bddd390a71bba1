-- Messages of one campaign taken by the network, minute by minute.
select date_trunc('minute', sent_at) as minute, count(*) as sent
from message
where campaign_id = %(campaign_id)s and sent_at is not null
group by minute
order by minute
