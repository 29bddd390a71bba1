-- Texts that only the PDU codec can cut or transliterate.
select contact_id, text, encoding from rendered where segments is null and reason is null
