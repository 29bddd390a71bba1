-- Good rows of one file on their way to the list.
create temporary table staging_contact (
  row_number integer not null,
  msisdn text not null,
  first_name text,
  last_name text,
  variable1 text,
  variable2 text,
  variables jsonb
) on commit drop
