#!/usr/bin/env bash
# `go clean -testcache` is honoured, and what runs after it is cached again: the time that a hit is
# answered with is that of the latest put of the action.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"
echo 'func TestMore(*testing.T) {}' >>sum/sum_test.go # no other test has put this one's result

# expect_test ran|cached WHEN
expect_test() {
  through go test ./sum >"$t/log" 2>&1 || fail "$2: $(cat "$t/log")"
  local got=ran
  ! grep -q '(cached)' "$t/log" || got=cached
  expect_eq "the test $2" "$1" "$got"
}

expect_test ran "at first"
expect_test cached "once more"
go clean -testcache
expect_test ran "after go clean -testcache"
expect_test cached "after that"
find . -exec touch {} +
expect_test cached "with all files touched"

# A cache from a machine whose clock is ahead: an hour from now the results are still of today.
ahead=$(($(date +%s) + 3600))000000000
for entry in "$GOCACHE"/??/*-a; do
  sed -i "s/ *[0-9]*\$/$(printf '%21d' "$ahead")/" "$entry"
done
expect_test cached "with times ahead"
