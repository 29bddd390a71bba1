-- Allow what a layout asks of taxdata; nothing if the prefix means none, or several (rolled back then).
update ticket_layout set approved_at = now(), approved_by = %(by)s
where starts_with(layout, %(layout)s) and approved_at is null
returning layout, ddl
