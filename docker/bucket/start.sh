#!/bin/sh
# SeaweedFS: one S3 server and one SFTP server on the same files, and nothing else that can be
# reached from outside. Two logins are fixed here: the one that makes buckets, and the pipelines',
# which may use three buckets. Those of clients are in /logins (`smsswitch clients bucket-login`);
# a change there takes effect within seconds.
set -eu
umask 077
pipelines=""
for bucket in "$BUCKET_CLIENTS" "$BUCKET_SPOOL" "$BUCKET_REPORTS"; do
  pipelines="$pipelines \"Read:$bucket\", \"Write:$bucket\", \"List:$bucket\", \"Tagging:$bucket\","
done

write_identities() {
  clients=$(grep '^{"name"' /logins/identities.json 2>/dev/null | sed 's/,$//; s/^/,/') || clients=""
  cat >/tmp/identities.new <<IDENTITIES
{"identities": [
{"name": "smsswitch-admin",
 "credentials": [{"accessKey": "smsswitch-admin", "secretKey": "$(cat /run/secrets/bucket_admin_secret)"}],
 "actions": ["Admin", "Read", "Write", "List", "Tagging"]},
{"name": "smsswitch-pipelines",
 "credentials": [{"accessKey": "smsswitch-pipelines", "secretKey": "$(cat /run/secrets/bucket_pipelines_secret)"}],
 "actions": [${pipelines%,}]}
$clients
]}
IDENTITIES
  mv /tmp/identities.new /tmp/identities.json
}

logins() { cat /logins/identities.json /logins/sftp.json 2>/dev/null | cksum; }

known=$(logins)
write_identities
weed -logtostderr=true server -dir=/data -ip=127.0.0.1 -ip.bind=127.0.0.1 \
  -master.volumeSizeLimitMB=1024 -volume.max=0 -volume.minFreeSpace=5 -volume.preStopSeconds=1 \
  -filer -s3 -s3.port=8333 -s3.ip.bind=0.0.0.0 -s3.config=/tmp/identities.json -s3.iam=false \
  -s3.port.iceberg=0 -s3.port.lance=0 &
server=$!
sftp=""
end() {
  # shellcheck disable=SC2086 # two numbers, or one
  kill -TERM $server $sftp 2>/dev/null || true
}
trap end TERM INT

# The SFTP server reads its logins once, at its start, and there is none before the first login.
start_sftp() {
  [ -s /logins/ssh_host_ed25519_key ] || return 0
  install -m 0600 /logins/ssh_host_ed25519_key /logins/sftp.json /tmp/
  weed -logtostderr=true sftp -port=2022 -ip.bind=0.0.0.0 -filer=127.0.0.1:8888 \
    -sshPrivateKey=/tmp/ssh_host_ed25519_key -userStoreFile=/tmp/sftp.json \
    -localSocket=/tmp/sftp.sock &
  sftp=$!
}

while kill -0 "$server" 2>/dev/null; do
  if [ "$known" != "$(logins)" ]; then
    known=$(logins)
    write_identities
    kill -HUP "$server"
    [ -z "$sftp" ] || kill "$sftp" 2>/dev/null || true
  fi
  if [ -z "$sftp" ] || ! kill -0 "$sftp" 2>/dev/null; then start_sftp; fi
  sleep 2 &
  wait $! || true
done
wait "$server"
