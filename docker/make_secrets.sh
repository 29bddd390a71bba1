#!/bin/sh
# Makes every secret of docker-compose.yaml that is missing, each in a file of its own, and never
# changes one that is there:   sh docker/make_secrets.sh [FOLDER] [NAME…]
# NAMEs are the host names or addresses under which people and modem hosts reach this machine; they
# go into the certificates, which a certificate authority of one's own signs (bring others: put
# them in the folder first). Needs openssl.
#
# The folder may be entered by its owner only. The files in it are readable, because each is shown
# inside one container to a user that this machine does not know.
set -eu
folder=${1:-secrets}
[ $# -eq 0 ] || shift
umask 077
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

put() { # put NAME: from standard input, in one step, unless it is there; without the last line end
  if [ -s "$1" ]; then cat >/dev/null; return; fi
  content=$(cat)
  printf %s "$content" >"$1.new"
  [ -s "$1.new" ] || { echo "make_secrets: $1 could not be made" >&2; exit 1; }
  chmod 444 "$1.new"
  mv "$1.new" "$1"
}

for name in postgres_superuser_password airflow_database_password migrate_password \
  pipelines_password redis_password bucket_admin_secret bucket_pipelines_secret \
  airflow_secret_key airflow_admin_password; do
  openssl rand -hex 24 | put "$name"
done
openssl rand -hex 48 | put airflow_jwt_secret
openssl rand -base64 32 | tr '+/' '-_' | put airflow_fernet_key

# The same passwords as addresses, for programs that take nothing else.
verified='sslmode=verify-full&sslrootcert=/run/secrets/ca_certificate'
database=postgresql
put airflow_database_url <<URL
$database+psycopg2://airflow:$(cat airflow_database_password)@postgres:5432/airflow
URL
put airflow_result_backend <<URL
db+$database+psycopg2://airflow:$(cat airflow_database_password)@postgres:5432/airflow
URL
put airflow_broker_url <<URL
redis://:$(cat redis_password)@redis:6379/0
URL
put migrate_database_url <<URL
$database://smsswitch_migrate:$(cat migrate_password)@postgres:5432/smsswitch?$verified
URL
put pipelines_database_url <<URL
$database://smsswitch_pipelines:$(cat pipelines_password)@postgres:5432/smsswitch?$verified
URL
for login in admin pipelines; do
  put "bucket_${login}_credentials" <<CREDENTIALS
[default]
aws_access_key_id = smsswitch-$login
aws_secret_access_key = $(cat "bucket_${login}_secret")
CREDENTIALS
done

# Certificates. The authority's own key is never shown to a container: keep it elsewhere.
if [ ! -s ca_certificate ]; then
  openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=smsswitch authority" \
    -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout authority.key -out ca.new 2>/dev/null
  put ca_certificate <ca.new
  rm ca.new
fi
certificate() { # certificate NAME HOST…: NAME_key and NAME_certificate
  name=$1
  shift
  [ ! -s "${name}_certificate" ] || return 0
  [ -s authority.key ] || { echo "make_secrets: without authority.key, bring ${name}_certificate" >&2; exit 1; }
  also=""
  for host in "$@"; do
    case $host in
      *[!0-9.]*) also="$also,DNS:$host" ;;
      *) also="$also,IP:$host" ;;
    esac
  done
  openssl req -newkey rsa:3072 -nodes -subj "/CN=$1" -keyout key.new -out request.new 2>/dev/null
  {
    echo "subjectAltName=${also#,}"
    echo "extendedKeyUsage=serverAuth"
  } >extensions.new
  openssl x509 -req -in request.new -CA ca_certificate -CAkey authority.key -days 825 \
    -set_serial "0x$(openssl rand -hex 16)" -extfile extensions.new -out certificate.new 2>/dev/null
  put "${name}_key" <key.new
  put "${name}_certificate" <certificate.new
  rm -f ./*.new
}
certificate postgres postgres localhost 127.0.0.1 "$@"
certificate proxy proxy localhost 127.0.0.1 "$@"
