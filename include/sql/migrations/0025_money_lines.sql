-- An issued invoice is never changed: a line added later would change it.
create function guard_invoice_line() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if exists (
    select from added as l join invoice as i using (invoice_id) where i.issued_at <> now()
  ) then
    raise exception 'an issued invoice gets no more lines' using errcode = 'SM404';
  end if;
  return null;
end
$$;
comment on function guard_invoice_line() is 'Lines come in the transaction that issues their invoice.';
create trigger invoice_line_with_invoice after insert on invoice_line
referencing new table as added
for each statement execute function guard_invoice_line();
