#!/usr/bin/env bash
# --read-only and ?mode=ro: gets come from the remote, puts are answered from the local store, nothing is written.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
mkdir "$t/shared"
remote=file://$t/shared
new_module "$t/module"
cd "$t/module"
on_machine a
with_remote go build ./sum
find "$t/shared" -type f | sort >"$t/before"

on_machine b
flags=(--read-only)
with_remote go build ./...
said ' down, 0 B up'
with_remote go list -export -f '{{.Export}}' ./text >"$t/export"
[[ -s $(cat "$t/export") ]] || fail "go list -export names no file"
on_machine c
flags=()
remote="file://$t/shared?mode=ro"
with_remote go build ./...
find "$t/shared" -type f | sort >"$t/after"
expect_same "$t/before" "$t/after"
