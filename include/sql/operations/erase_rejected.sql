-- Tickets set aside for a value that is the number.
update rejected_ticket
set value = '••••'
where regexp_replace(value, '[^0-9]', '', 'g') ~ %(digits)s
