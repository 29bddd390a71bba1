-- Messages stay as numbers for the ledger, without number and text; one that a host holds must end first.
update message
set msisdn = '', text = ''
where msisdn = %(msisdn)s and state not in ('planned', 'leased')
