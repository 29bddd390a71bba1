-- Who drops a campaign file, and what it asked for.
select client_id, code, language, tariff, approve_above, quote_required, low_credit, holidays
from client where code = %(code)s
