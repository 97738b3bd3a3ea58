#!/usr/bin/env bash
# The time of a test result is that of its put, wherever it comes from: `go clean -testcache` is honoured on a machine
# that has the result from the remote, what is run after it is cached again, and a writer's clock that is ahead is
# held to be now.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
mkdir "$t/shared"
remote=file://$t/shared
new_module "$t/module"
cd "$t/module"

# expect_test ran|cached WHEN
expect_test() {
  with_remote go test ./sum >"$t/log"
  local got=ran
  ! grep -q '(cached)' "$t/log" || got=cached
  expect_eq "the test $2" "$1" "$got"
}

# A fresh disk, but what `go clean -testcache` wrote stays.
forget() {
  find "$GOCACHE" -mindepth 1 -not -name testexpire.txt -delete 2>/dev/null || true
}

on_machine a
expect_test ran "at first"
on_machine b
expect_test cached "on another machine"
go clean -testcache
forget
expect_test ran "after go clean -testcache, on an empty disk"
forget
expect_test cached "after that, on an empty disk"
on_machine c
expect_test cached "on a third machine"
