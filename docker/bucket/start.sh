#!/bin/sh
# SeaweedFS as one S3 server. Two logins: the one that makes buckets, and the pipelines', which
# may use three of them. A client of one's own gets an identity here that may write below
# clients/<code>/inbox/ and read below clients/<code>/outbox/.
set -eu
umask 077
pipelines=""
for bucket in "$BUCKET_CLIENTS" "$BUCKET_SPOOL" "$BUCKET_REPORTS"; do
  pipelines="$pipelines \"Read:$bucket\", \"Write:$bucket\", \"List:$bucket\", \"Tagging:$bucket\","
done
cat >/tmp/identities.json <<IDENTITIES
{
  "identities": [
    {
      "name": "admin",
      "credentials": [{"accessKey": "smsswitch-admin", "secretKey": "$BUCKET_ADMIN_SECRET"}],
      "actions": ["Admin", "Read", "Write", "List", "Tagging"]
    },
    {
      "name": "pipelines",
      "credentials": [{"accessKey": "smsswitch-pipelines", "secretKey": "$BUCKET_PIPELINES_SECRET"}],
      "actions": [${pipelines%,}]
    }
  ]
}
IDENTITIES
unset BUCKET_ADMIN_SECRET BUCKET_PIPELINES_SECRET
exec weed -logtostderr=true server -dir=/data -ip=127.0.0.1 -ip.bind=0.0.0.0 \
  -master.volumeSizeLimitMB=1024 -volume.max=0 -volume.minFreeSpace=5 -volume.preStopSeconds=1 \
  -filer -s3 -s3.port=8333 -s3.config=/tmp/identities.json
