-- Whose campaign it is.
select k.code from campaign as c inner join client as k using (client_id)
where c.campaign_id = %(campaign_id)s
