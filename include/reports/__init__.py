"""What administrators and clients read: reports, campaign reports, the client's home page.

`build.build` writes the administrators' reports, `client_pages.write_pages` what clients see of their
campaigns and account. All of it is derived from the database; repeating is harmless.
"""
