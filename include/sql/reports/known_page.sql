-- What a page last said.
select digest from client_page where client_id = %(client_id)s and page = %(page)s
