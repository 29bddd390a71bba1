-- Receipts and results of checks that show the number.
update upload
set
  receipt = regexp_replace(receipt::text, %(pattern)s, '••••', 'g')::jsonb,
  validation = regexp_replace(validation::text, %(pattern)s, '••••', 'g')::jsonb
where receipt::text ~ %(pattern)s or validation::text ~ %(pattern)s
