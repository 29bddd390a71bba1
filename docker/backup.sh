#!/bin/sh
# Both databases, their logins, the buckets and the clients' logins into a new folder, while everything
# runs:   sh docker/backup.sh FOLDER
# COMPOSE is how compose is called here (default: docker compose). The secrets are not in it: keep
# their folder elsewhere, a backup is of no use without it.
set -eu
folder=$1
compose=${COMPOSE:-docker compose}
umask 077
mkdir "$folder"

sql() { $compose exec -T postgres psql --no-psqlrc --username=postgres --dbname="$1" --tuples-only --no-align --command="$2"; }

# The buckets after the database: what is there and not registered yet is found again by the next
# scan, what is registered and not there would be missing.
$compose exec -T postgres pg_dumpall --username=postgres --roles-only >"$folder/roles.sql"
for database in smsswitch airflow; do
  $compose exec -T postgres pg_dump --username=postgres --format=custom "$database" >"$folder/$database.dump"
done
$compose --profile operator run --rm --no-deps -T operator \
  python /opt/smsswitch/docker/bucket_archive.py save >"$folder/buckets.tar"
sql smsswitch "select max(name) from schema_migration" >"$folder/version"
cd "$folder"
sha256sum roles.sql smsswitch.dump airflow.dump buckets.tar version >SHA256SUMS
echo "backup: $(du -sh . | cut -f1) in $folder, migrated to $(cat version)"
