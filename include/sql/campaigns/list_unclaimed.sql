-- Batches that no host has claimed, of campaigns that are being sent, the oldest first.
select b.batch_id, b.group_id, b.segments
from send_batch as b join campaign as c using (campaign_id)
where b.state = 'planned' and c.state = 'sending'
order by b.batch_id
for no key update of b skip locked
