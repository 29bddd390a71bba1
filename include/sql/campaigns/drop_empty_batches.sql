-- A batch that nothing came into (its messages were taken by another order meanwhile) is closed.
update send_batch set state = 'returned', done_at = now()
where batch_id = any(%(batches)s::bigint[]) and messages = 0
