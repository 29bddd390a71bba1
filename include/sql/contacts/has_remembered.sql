-- Whether a client ever confirmed a mapping.
select 1 from remembered_mapping where client_id = %(client_id)s limit 1
