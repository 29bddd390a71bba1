#!/bin/sh
# A backup into an empty stack, whose secrets are those of the one that was backed up:
#   sh docker/restore.sh FOLDER [SERVICE…]      (the services to start in the end; all without)
# What hosts sent since the backup is unknown here: the fence is raised before any host is let in, so
# that nobody claims until each has said what its journal knows (docs/runbooks/deployment.md).
set -eu
folder=$1
shift
compose=${COMPOSE:-docker compose}
(cd "$folder" && sha256sum --check --quiet --strict SHA256SUMS)

sql() { $compose exec -T postgres psql --no-psqlrc --quiet --username=postgres --dbname="$1" --tuples-only --no-align --set=ON_ERROR_STOP=1 --command="$2"; }

$compose up --detach --no-build --wait postgres redis bucket
if [ -n "$(sql smsswitch "select to_regclass('public.schema_migration')")" ]; then
  echo "restore: this stack is not empty; take its volumes away first" >&2
  exit 1
fi
sql postgres "revoke connect on database smsswitch from modem_host"
# Those that the set-up has made already are there; all get the passwords of the backup.
$compose exec -T postgres psql --no-psqlrc --quiet --username=postgres --dbname=postgres \
  <"$folder/roles.sql" >/dev/null 2>"$folder/roles.log" || true
if grep -E '^ERROR' "$folder/roles.log" | grep -vE 'role "[^"]*" already exists'; then exit 1; fi
for database in smsswitch airflow; do
  $compose exec -T postgres pg_restore --username=postgres --dbname="$database" --exit-on-error \
    --single-transaction <"$folder/$database.dump"
done
# Migrations of a newer version, and the buckets themselves.
$compose up --detach --no-build --no-deps migrate
migrate=$($compose ps --all --quiet migrate)
[ "$(${DOCKER:-docker} wait "$migrate")" = 0 ] || { $compose logs migrate >&2; exit 1; }
operator="$compose --profile operator run --rm --no-deps -T operator"
$operator python /opt/smsswitch/docker/bucket_archive.py load <"$folder/buckets.tar"
$operator smsswitch db fence </dev/null
sql postgres "grant connect on database smsswitch to modem_host"
$compose up --detach --no-build "$@"
echo "restore: done; claims wait for the hosts: smsswitch db fence --status"
