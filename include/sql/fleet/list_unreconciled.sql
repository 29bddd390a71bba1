-- Whether claims are stopped since a restore, and the groups that are still to be heard.
select
  (select f.fenced_at is not null from restore_fence as f) as fenced,
  array(
    select g.alias from modem_group as g where g.to_reconcile and g.deleted_at is null order by g.alias
  ) as groups
