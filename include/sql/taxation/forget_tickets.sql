-- Before a file is read again: its tickets and rejects go, in the transaction that loads them anew.
with rejected as (
  delete from rejected_ticket where file_id = %(file_id)s
)
delete from taxdata
where ticket_id between %(file_id)s::bigint * 100000000 and (%(file_id)s::bigint + 1) * 100000000 - 1
