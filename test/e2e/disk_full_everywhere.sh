#!/usr/bin/env bash
# Both folders full: go's own cache lets such a build end well, and so do we.
. "$(dirname "$0")/disk_fault.inc"
in_own_mounts
new_plain
mkdir "$GOCACHE" "$t/second"
mount -t tmpfs -o size=8m none "$GOCACHE"
expect_code 0 timeout 120 go build -o "$t/out" . 2>"$t/log"
umount "$GOCACHE"
mount -t tmpfs -o size=8m none "$GOCACHE"
mount -t tmpfs -o size=1m,mode=0700 none "$t/second"
expect_build --fallback-dir "$t/second"
expect_code 0 "$GOPOUCH" verify --fallback-dir "$t/second" >"$t/log"
