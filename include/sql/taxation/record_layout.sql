-- A layout is recorded when it first comes; its DDL is what it asked of the table on that day.
insert into ticket_layout (layout, ticket_version, columns, record_length, first_pbx, ddl)
values (%(layout)s, %(ticket_version)s, %(columns)s, %(record_length)s, %(pbx)s, %(ddl)s)
on conflict (layout) do nothing
