#!/usr/bin/env bash
# `go build -o lib.a` of a package that is no program: go renames its DiskPath away unless that lies in
# GOCACHE. The store is whole after it, and the next builds are hits.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"

through go build -o "$t/first.a" ./sum
outputs() { find "$GOCACHE" -name '*-d' | sort; }
outputs >"$t/before"
through go build -v -o "$t/second.a" ./sum 2>"$t/err"
expect_empty "the second build" "$t/err"
expect_same "$t/first.a" "$t/second.a"
outputs >"$t/after"
expect_same "$t/before" "$t/after"
through go build -v ./... 2>"$t/err"
if grep -q sum "$t/err"; then fail "the package was lost: $(cat "$t/err")"; fi
expect_code 0 "$GOPOUCH" verify >/dev/null
