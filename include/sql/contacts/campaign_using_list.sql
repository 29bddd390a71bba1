-- A campaign that is under way on a list: its contacts may not be taken away now.
select name
from campaign
where list_id = %(list_id)s and state in ('scheduled', 'expanding', 'sending', 'paused')
order by campaign_id
limit 1
