-- Messages stay as numbers for the ledger, without number and text. One that a host holds must end first, and so must
-- one that may have gone out: it can still be planned again, and would be without a number.
update message
set msisdn = '', text = ''
where msisdn = %(msisdn)s and state not in ('planned', 'leased', 'uncertain')
