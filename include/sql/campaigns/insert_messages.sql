-- One message per contact, in the partition of the campaign's month; those not to be sent as skipped,
-- with the reason. A contact that has its message keeps it: running this twice plans nothing twice.
insert into message (
  activation_month, campaign_id, contact_id, msisdn, text, variant, encoding, segments, price, state,
  reason, settled, final_at
)
select
  %(activation_month)s,
  %(campaign_id)s,
  r.contact_id,
  r.msisdn,
  case when r.reason is null then r.text end,
  r.variant,
  case when r.reason is null then r.encoding end,
  case when r.reason is null then r.segments else 0 end,
  coalesce(p.price, 0),
  case when r.reason is null then 'planned' else 'skipped' end::message_state,
  r.reason,
  r.reason is not null,
  case when r.reason is not null then now() end
from rendered as r
left join price as p
  on r.reason is null and p.prefix = left(r.msisdn, %(digits)s) and p.segments = r.segments
on conflict do nothing
