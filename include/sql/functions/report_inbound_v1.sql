-- What the modems received. STOP takes effect here, so that it works within seconds.

-- 'opt_out' where a text begins with one of the words, whatever accents, case, punctuation or
-- repeated last letter; 'review' where a word stands elsewhere in it; null for any other text.
create or replace function public.stop_word(message text) returns text
language sql immutable set search_path = '' as $$
  select case
    when plain.text ~ '^[^A-Z0-9]*(STOP+|ARRETE?R?|DESABONNE[RZ]?|DESABONNEMENT|UNSUBSCRIBE)([^A-Z]|$)'
      then 'opt_out'
    when plain.text ~ '(STOP|ARRET|DESABONN|UNSUBSCRIBE)' then 'review'
  end
  from (
    select pg_catalog.regexp_replace(
      pg_catalog.upper(normalize(message, nfkd)), '[\u0300-\u036f]', '', 'g'
    ) as text
  ) as plain
$$;

create or replace function api.report_inbound_v1(
  host_epoch bigint, journal uuid, messages jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  own public.modem_group := public.host_group(host_epoch);
  fresh integer;
  stopped integer;
begin
  if journal is null or messages is null or jsonb_typeof(messages) <> 'array'
    or jsonb_array_length(messages) > 200 or length(messages::text) > 1000000
  then
    raise exception 'messages must be an array of at most 200 and 1 MB' using errcode = '22023';
  end if;
  begin
    if exists (
      select from jsonb_to_recordset(messages) as m (
        host_key text, imei text, sender text, text text, sent_at timestamptz
      )
      where
        not coalesce(
          length(m.host_key) between 1 and 64 and length(m.imei) between 1 and 20
          and length(m.sender) between 1 and 40 and length(m.text) <= 4000, false
        )
    ) then
      raise exception 'a message has a field that is missing or out of bounds'
      using errcode = '22023';
    end if;
  exception when data_exception then
    raise exception 'a message is malformed: %', left(sqlerrm, 200) using errcode = '22023';
  end;
  with input as (
    select
      m.*,
      case
        -- A name or a short code cannot be opted out: there is nobody to stop texting.
        when public.stop_word(m.text) = 'opt_out' and m.sender !~ '^\+[1-9][0-9]{6,14}$' then 'review'
        else public.stop_word(m.text)
      end as wish
    from jsonb_to_recordset(messages) as m (
      host_key text, imei text, sender text, text text, sent_at timestamptz
    )
  ),
  added as (
    insert into public.inbound_message (
      group_id, journal_id, host_key, imei, sender, text, sent_at, opt_out, review
    )
    select
      own.group_id, journal, i.host_key, i.imei, i.sender, i.text, i.sent_at,
      coalesce(i.wish = 'opt_out', false), coalesce(i.wish = 'review', false)
    from input as i
    on conflict (group_id, journal_id, host_key) do nothing
    returning inbound_id, sender, opt_out
  ),
  opted as (
    insert into public.opt_out (msisdn, client_id, source)
    select distinct a.sender, null::bigint, 'stop' from added as a where a.opt_out
    on conflict do nothing
    returning msisdn
  ),
  audited as (
    insert into public.audit_entry (actor, action, subject, detail)
    select
      session_user, 'opt_out', a.sender,
      jsonb_build_object('source', 'stop', 'inbound_id', max(a.inbound_id))
    from added as a where a.opt_out
    group by a.sender
  )
  select (select count(*) from added), (select count(*) from opted) into fresh, stopped;
  return jsonb_build_object('accepted', fresh, 'opted_out', stopped);
end
$$;
revoke all on function api.report_inbound_v1(bigint, uuid, jsonb) from public;
grant execute on function api.report_inbound_v1(bigint, uuid, jsonb) to modem_host;
revoke all on function public.stop_word(text) from public;
