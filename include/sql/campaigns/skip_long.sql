-- A text of more parts than the campaign allows is not sent.
update rendered set reason = 'too_many_parts'
where reason is null and segments > %(max_segments)s
