#!/bin/sh
# The S3 server answers, the filer behind it can list its root, and SFTP listens once it has a login.
set -eu
wget -q -O /dev/null http://127.0.0.1:8333/healthz
wget -q -O /dev/null --header 'Accept: application/json' http://127.0.0.1:8888/
[ ! -s /logins/ssh_host_ed25519_key ] || grep -q ':07E6 .* 0A ' /proc/net/tcp /proc/net/tcp6
