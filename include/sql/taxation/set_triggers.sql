-- What starts a treatment.
update treatment set triggers = %(triggers)s::treatment_trigger[], threshold = %(threshold)s
where name = %(name)s
returning name
