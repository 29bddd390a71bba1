-- The last digest stored before one, and the first from it on: what is new between them has no double there.
select
  (
    select content_digest from taxdata
    where content_digest < %(low)s::uuid
    order by content_digest desc
    limit 1
  ),
  (
    select content_digest from taxdata
    where content_digest >= %(low)s::uuid
    order by content_digest
    limit 1
  )
