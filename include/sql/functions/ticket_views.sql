-- The stable views over taxdata. Its columns come and change with the layouts, so the views are
-- dropped before DDL on it and made again after, in the same transaction. unmasked.v_ticket is v_ticket
-- with whole numbers.
create or replace function mask_number(number text) returns text
language sql immutable parallel safe
return case when length(number) > 6 then left(number, -4) || '----' else number end;
comment on function mask_number is 'Hides the last four digits of an outside number; extensions (six digits at most) stay.';

-- A column of taxdata as the type that its stable name promises; what cannot be read so is null.
create or replace function stable_expression(column_name text, actual text, wanted text) returns text
language sql immutable as $$
select case
  when actual is null then format('null::%s', wanted)
  when actual = wanted then format('t.%I', column_name)
  when wanted = 'text' then format('t.%I::text', column_name)
  when wanted = 'bigint' then format(
    'case when t.%1$I::text ~ ''^[+-]?[0-9]{1,18}$'' then t.%1$I::bigint end', column_name)
  else format('case when pg_input_is_valid(t.%1$I::text, %2$L) then t.%1$I::text::%2$s end', column_name, wanted)
end
$$;

create or replace function drop_ticket_views() returns void
language sql as $$
drop view if exists unmasked.v_ticket;
drop view if exists v_ticket;
drop view if exists v_ticket_full;
$$;

create or replace function create_ticket_views() returns void
language plpgsql as $$
declare
  fields text;
  shown text;
  whole text;
  body constant text := $view$
    select
      f.ticket_id, f.pbx, file_sha256, line_number, ambiguous_time, start_at, start_at_earlier,
      call_type_name, direction, %s, r.cost, r.currency, r.rated, r.reason as unrated_reason,
      f.end_at,
      coalesce(u.cost_centre, nullif(f.charged_cost_center, '255')) as cost_centre,
      coalesce(u.company, c.company, f.charged_company) as company,
      coalesce(nullif(u.person, ''), f.charged_user_name) as user_name,
      c.name as cost_centre_name
    from v_ticket_full as f
    left join rated_ticket as r on r.ticket_id = f.ticket_id and not r.superseded
    left join org_user_span as u
      on u.pbx = f.pbx and u.extension = f.charged_number and f.local_day >= u.valid_from
      and (u.valid_to is null or f.local_day <= u.valid_to)
    left join cost_centre_span as c
      on c.code = coalesce(u.cost_centre, nullif(f.charged_cost_center, '255')) and f.local_day >= c.valid_from
      and (c.valid_to is null or f.local_day <= c.valid_to)
  $view$;
begin
  select
    string_agg(
      format('%s as %I', stable_expression(f.column_name, a.type, f.stable_type), f.stable_name),
      ', ' order by f.position
    ),
    string_agg(
      case when f.masked then format('mask_number(%1$I) as %1$I', f.stable_name)
      when f.stable_name = 'charged_cost_center' then 'nullif(charged_cost_center, ''255'') as charged_cost_center'
      else quote_ident(f.stable_name) end,
      ', ' order by f.position
    ),
    string_agg(
      case when f.stable_name = 'charged_cost_center' then 'nullif(charged_cost_center, ''255'') as charged_cost_center'
      else quote_ident(f.stable_name) end,
      ', ' order by f.position
    )
  into fields, shown, whole
  from ticket_field as f
  left join (
    select attname, split_part(format_type(atttypid, null), ' ', 1) as type
    from pg_attribute where attrelid = 'taxdata'::regclass and attnum > 0 and not attisdropped
  ) as a on a.attname = f.column_name;
  execute format($view$
    create view v_ticket_full as
    select
      s.pbx, p.timezone, s.sha256 as file_sha256, t.*, c.name as call_type_name, c.direction,
      t.start_date_time at time zone p.timezone as start_at,
      case
        when
          t.ambiguous_time
          and (t.start_date_time at time zone p.timezone - interval '1 hour') at time zone p.timezone
          = t.start_date_time
          then t.start_date_time at time zone p.timezone - interval '1 hour'
      end as start_at_earlier,
      t.end_date_time at time zone p.timezone as end_at,
      coalesce(t.start_date_time, t.end_date_time)::date as local_day
    from (
      select t.ticket_id, t.file_id, t.line_number, t.ambiguous_time, %s
      from taxdata as t
      where not exists (select from duplicate_ticket as d where d.ticket_id = t.ticket_id)
    ) as t
    join spooled_file as s using (file_id)
    join pbx as p on p.code = s.pbx
    -- LocalTransit (15) came with the ED releases; an unknown code counts as Unspecified (6).
    left join call_type as k on k.code = t.call_type and (k.code < 15 or t.ticket_version like 'ED%%')
    join call_type as c on c.code = coalesce(k.code, 6)
  $view$, fields);
  execute 'create view v_ticket as ' || format(body, shown);
  execute 'create view unmasked.v_ticket as ' || format(body, whole) || ' where unmasking_open()';
  comment on view v_ticket_full is 'Each ticket once, stable names, whole numbers. Only for rating.';
  comment on view v_ticket is 'Each ticket once: stable names and types, decoded call type, outside numbers masked, cost.';
  comment on column v_ticket.cost_centre is 'Where the person was on the day of the call: of the organisation, else of the ticket.';
  comment on view unmasked.v_ticket is 'v_ticket with whole numbers, after open_unmasking(reason) only.';
  comment on column v_ticket_full.start_at is 'In the hour that comes twice, the later reading; start_at_earlier is the other one.';
  grant select on v_ticket_full to smsswitch_app;
  grant select on v_ticket to smsswitch_app, smsswitch_reader;
  grant select on unmasked.v_ticket to smsswitch_unmask;
end
$$;

set local role smsswitch_taxation;
select drop_ticket_views();
select create_ticket_views();
set local role smsswitch_owner;
