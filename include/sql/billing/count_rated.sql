-- What this run found, by reason where there is no price.
with outcome as (
  select case when c.tariff_id is null then 'no_tariff_version' else r.reason end as reason
  from rating_call as c
  left join rated_ticket as r using (ticket_id, tariff_id)
)
select jsonb_build_object(
  'rated', (select count(*) from outcome where reason is null),
  'unrated', (select count(*) from outcome where reason is not null),
  'reasons', (
    select coalesce(jsonb_object_agg(reason, number), '{}')
    from (select reason, count(*) as number from outcome where reason is not null group by reason) as o
  )
)
