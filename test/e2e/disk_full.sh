#!/usr/bin/env bash
# A cache folder on a disk that is full: the rest goes to the second folder, and the build ends well.
. "$(dirname "$0")/disk_fault.inc"
in_own_mounts
new_plain
mkdir "$GOCACHE"
mount -t tmpfs -o size=8m none "$GOCACHE"
expect_build --fallback-dir "$t/second"
[[ -n $(find "$GOCACHE" -name '*-d') ]] || fail "nothing in the first folder"
[[ -n $(find "$t/second" -name '*-d') ]] || fail "nothing in the second folder"
expect_code 0 "$GOPOUCH" verify --fallback-dir "$t/second" >"$t/log"

# What is in either is a hit.
GOCACHEPROG=$(prog --fallback-dir "$t/second") go build -v -o "$t/again" . 2>"$t/log"
if grep -v '^gopouch: ' "$t/log"; then fail "compiled again"; fi
expect_same "$t/plain" "$t/again"
