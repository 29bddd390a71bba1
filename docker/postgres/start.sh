#!/bin/sh
# PostgreSQL with the binaries that the image has, wherever they lie: the data folder at first use
# with databases and logins (init.sql), TLS always. Arguments are passed on to the server.
set -eu
umask 077
for folder in /usr/lib/postgresql/*/bin; do
  if [ -x "$folder/postgres" ]; then PATH=$folder:$PATH; fi
done
hba=/etc/smsswitch/pg_hba.conf

# The server refuses a key that others may read; those of compose's secrets are. Everything that is
# not data lies in /tmp, where PGHOST looks for the socket too: a file system in memory on
# /var/run/postgresql loses its mode when the engine restarts the container.
install -d -m 0700 /tmp/tls
install -m 0600 /run/secrets/postgres_key /tmp/tls/server.key
install -m 0600 /run/secrets/postgres_certificate /tmp/tls/server.crt

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  fresh=$PGDATA.new
  rm -rf "$fresh"
  initdb --pgdata="$fresh" --username=postgres --pwfile=/run/secrets/postgres_superuser_password \
    --auth=scram-sha-256 --encoding=UTF8 --locale-provider=libc --locale=C.UTF-8 --data-checksums
  pg_ctl --pgdata="$fresh" --wait --silent \
    --options="-c listen_addresses='' -c unix_socket_directories=/tmp -c hba_file=$hba -c log_min_error_statement=panic" start
  airflow_database_password=$(cat /run/secrets/airflow_database_password) \
    migrate_password=$(cat /run/secrets/migrate_password) \
    pipelines_password=$(cat /run/secrets/pipelines_password) \
    psql --no-psqlrc --quiet --username=postgres --dbname=postgres --file=/etc/smsswitch/init.sql
  pg_ctl --pgdata="$fresh" --wait --silent --mode=fast stop
  mv "$fresh" "$PGDATA"
fi

exec postgres -D "$PGDATA" -c hba_file="$hba" -c listen_addresses='*' -c ssl=on \
  -c unix_socket_directories=/tmp \
  -c ssl_cert_file=/tmp/tls/server.crt \
  -c ssl_key_file=/tmp/tls/server.key \
  -c ssl_min_protocol_version=TLSv1.2 -c password_encryption=scram-sha-256 \
  -c log_min_error_statement=panic "$@"
