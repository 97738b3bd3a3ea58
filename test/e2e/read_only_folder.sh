#!/usr/bin/env bash
# A cache folder on a file system that may only be read: its hits are served, and puts go to the second one.
. "$(dirname "$0")/disk_fault.inc"
in_own_mounts
new_plain
cp -rp "$t/warm" "$GOCACHE"
mount --bind "$GOCACHE" "$GOCACHE"
mount -o remount,bind,ro "$GOCACHE"
GOCACHEPROG=$(prog --fallback-dir "$t/second" --cache-dir "$GOCACHE") go build -v ./... 2>"$t/log"
if grep -v '^gopouch: ' "$t/log"; then fail "compiled again"; fi
echo 'func New() {}' >>sum/sum.go
warm_cache "$t/warm-2"
GOCACHE=$t/warm-2 go build -o "$t/plain" .
expect_build --fallback-dir "$t/second"
[[ -n $(find "$t/second" -name '*-d') ]] || fail "nothing in the second folder"
