-- Texts that need UCS-2: enough of them to name the characters.
select text from rendered where encoding = 'ucs2' and reason is null limit 20000
