-- The file has left the inbox: its name is free for another drop.
with gone as (
  delete from drop_sighting where upload_id = %(upload_id)s
)
update upload
set in_inbox = false
where upload_id = %(upload_id)s
