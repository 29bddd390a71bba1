-- Messages of campaigns being sent that are in no batch.
select count(*)
from message as m join campaign as c using (campaign_id, activation_month)
where c.state = 'sending' and m.state = 'planned' and m.batch_id is null
