#!/usr/bin/env bash
# A real Redis that lies: what lies.inc says of it.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/redis.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/lies.inc"
port=$(unused_port)
start_redis "$port"
at() { echo "redis://127.0.0.1:$port/$1"; }
expect_no_lies "redis://127.0.0.1:$port"
