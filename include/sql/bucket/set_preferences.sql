-- What one client wants from now on; what the file does not name stays.
update client
set
  language = coalesce(%(language)s, language),
  completion = coalesce(%(completion)s, completion),
  auto_confirm = coalesce(%(auto_confirm)s, auto_confirm),
  holidays = coalesce(%(holidays)s, holidays),
  formula_like_text = coalesce(%(formula_like_text)s, formula_like_text),
  alert_address = nullif(coalesce(%(alert_address)s, alert_address), '')
where client_id = %(client_id)s
returning language, completion, auto_confirm, alert_address, holidays, formula_like_text
