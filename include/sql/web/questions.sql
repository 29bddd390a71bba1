-- What waits for a person's answer: columns of files, costs above a limit, messages that may have gone out.
select
  (select count(*) from upload where state = 'awaiting_mapping') as mappings,
  (select count(*) from campaign where state = 'awaiting_approval') as approvals,
  (
    select count(*) from campaign as c
    where exists (
      select from message as m where m.campaign_id = c.campaign_id and m.state = 'uncertain'
    )
  ) as uncertain
