#!/usr/bin/env bash
# `go build 2>&1 | cat` ends when go does: what follows a session, such as a trim, keeps no pipe open.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"

# A trim is due, and waits for whoever counts the folder: we, for as long as we like.
rm -f "$GOCACHE/trim.txt"
mkdir -p "$GOCACHE/gopouch"
exec 8>>"$GOCACHE/gopouch/usage"
flock 8
through go build ./... 2>&1 8>&- | timeout 30 cat >"$t/out" || fail "it hangs"
expect_empty output "$t/out"
exec 8>&-
wait_for 60 test -e "$GOCACHE/trim.txt"
