#!/bin/sh
# Redis with its settings from standard input. Tasks on their way to a worker survive a restart.
set -eu
exec redis-server - <<SETTINGS
requirepass $(cat /run/secrets/redis_password)
dir /data
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
SETTINGS
