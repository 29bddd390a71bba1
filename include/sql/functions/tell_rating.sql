-- How a price came about, from the rate and the seconds that are kept with it: the same document that the
-- pricing function gives.
create or replace function tell_rating(
  document jsonb, rate_index integer, charged integer, next_index integer, next_charged integer
) returns jsonb
language sql immutable parallel safe
return case
  when rate_index is null then '{"rate": null, "connect_fee": "0", "pieces": []}'::jsonb
  else (
    select jsonb_build_object(
      'rate', min(p.name) filter (where p.part = 1),
      'connect_fee', case when charged < 0 then '0' else trim_scale(min(p.fee) filter (where p.part = 1))::text end,
      'pieces', coalesce(jsonb_agg(
        jsonb_build_object(
          'rate', p.name, 'from_second', p.from_second, 'seconds', p.seconds,
          'price', trim_scale(round(p.price, 12))::text, 'per', p.per,
          'amount', trim_scale(round_exact(p.price * p.seconds, p.per, 'half_up', 1e12, 1e-12))::text
        ) order by p.part
      ) filter (where p.seconds > 0), '[]')
    )
    from (
      select
        k.part,
        k.seconds,
        coalesce(r.rate ->> 'name', 'rates[' || k.index || ']') as name,
        coalesce((r.rate ->> 'connect_fee')::numeric, 0) as fee,
        (r.rate #>> '{steps,-1,price}')::numeric as price,
        (r.rate #>> '{steps,-1,per}')::integer as per,
        case k.part
          when 1 then f.first
          else f.first + charged
        end as from_second
      from (values (1, rate_index, charged), (2, next_index, next_charged)) as k (part, index, seconds)
      cross join lateral (select document #> array['rates', k.index::text] as rate) as r
      cross join lateral (
        select greatest(
          coalesce((document #>> array['rates', rate_index::text, 'included_seconds'])::integer, 0),
          (document #>> array['rates', rate_index::text, 'steps', '-1', 'from'])::integer
        ) as first
      ) as f
      where k.index is not null
    ) as p
  )
end;

create or replace view v_rating as
select
  r.ticket_id, r.tariff_id, r.cost, r.currency, r.rated, r.reason, r.superseded, r.rated_at,
  coalesce(
    r.explanation, tell_rating(t.document, r.rate_index, r.charged, r.next_index, r.next_charged)
  ) as explanation
from rated_ticket as r
join tariff as t using (tariff_id);
comment on view v_rating is 'What each call costs under each version, with its pieces.';
grant select on v_rating to smsswitch_app, smsswitch_reader;
