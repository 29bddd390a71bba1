#!/bin/sh
# What must have happened before anything else of the centre starts. Safe to run again.
set -eu
smsswitch db migrate
airflow db migrate
exec python /opt/smsswitch/docker/prepare.py
