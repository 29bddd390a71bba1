-- The clients that may be invoiced: all of them, or one.
select code from client where %(code)s::text is null or code = %(code)s order by code
