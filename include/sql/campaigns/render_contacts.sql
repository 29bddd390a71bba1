-- The text of every contact of a list, with its encoding and its parts, in one pass: the quote counts
-- these rows and expansion inserts them. The parameters variant and text are expressions made from the
-- campaign's texts. Where the number of parts depends on where a text may be cut (escape and
-- surrogate pairs of a text of several parts), or a text is to be transliterated, segments stays null
-- and the PDU codec decides.
create temporary table rendered on commit drop as
select
  t.contact_id,
  t.msisdn,
  t.variant,
  t.text,
  t.encoding,
  case
    when t.encoding = 'gsm7' and not t.extended
      then case when length(t.text) <= 160 then 1 else (length(t.text) + 152) / 153 end
    when t.encoding = 'gsm7' and length(t.text) <= 80
      then 1
    when t.encoding = 'gsm7' and length(t.text) + regexp_count(t.text, %(extension)s) <= 160
      then 1
    when t.encoding = 'ucs2' and length(t.text) <= 35
      then 1
    when t.encoding = 'ucs2' and t.text !~ %(astral)s
      then case when length(t.text) <= 70 then 1 else (length(t.text) + 66) / 67 end
  end::smallint as segments,
  case
    when t.opted_out then 'opted_out'
    when t.text is null then 'missing_variable'
    when btrim(t.text, e' \t\r\n\u00a0') = '' then 'empty_text'
    when t.encoding is null and %(choice)s = 'gsm7' then 'not_gsm7'
  end as reason
from (
  select
    w.*,
    case
      when %(choice)s = 'ucs2' then 'ucs2'
      when w.text ~ %(gsm7)s then 'gsm7'
      when %(choice)s = 'auto' then 'ucs2'
    end as encoding,
    w.text ~ %(extension)s as extended
  from (
    select
      c.contact_id,
      c.msisdn,
      %(variant)s as variant,
      %(text)s as text,
      o.msisdn is not null as opted_out
    from contact as c
    left join (
      select distinct o.msisdn from opt_out as o
      where o.client_id is null or o.client_id = %(client_id)s
    ) as o on o.msisdn = c.msisdn
    where c.list_id = %(list_id)s
    offset 0  -- a fence: the text is made once, not once for each mention of it
  ) as w
  offset 0
) as t
