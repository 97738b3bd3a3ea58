#!/usr/bin/env bash
# gopouch clear and clear-local empty the cache folder and say so in the words that scripts wait for; what
# is not the cache's stays.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"

# expect_cleared COMMAND WORDS
expect_cleared() {
  mkdir -p "$GOCACHE/fuzz"
  echo seed >"$GOCACHE/fuzz/seed"
  through go build ./sum
  wait_for 10 test -s "$GOCACHE/gopouch/usage" # the end of what follows the session
  [[ -n $(find "$GOCACHE" -name '*-a') ]] || fail "nothing to clear"
  expect_code 0 "$GOPOUCH" "$1" >"$t/out" 2>"$t/err"
  expect_empty "stderr of $1" "$t/err"
  expect_eq "words of $1" "$2" "$(cat "$t/out")"
  find "$GOCACHE" -name '*-[ad]' >"$t/left"
  expect_empty "left by $1" "$t/left"
  expect_eq "a file of others" seed "$(cat "$GOCACHE/fuzz/seed")"
}
expect_cleared clear-local 'Local cache cleared successfully'
expect_cleared clear 'Cache cleared successfully'
