#!/usr/bin/env bash
# SIGKILL of the program in a build fails at most that build: the next one succeeds with the same result.
. "$(dirname "$0")/common.inc"
new_module "$t/module"
cd "$t/module"
warm_cache "$t/warm"
GOCACHE=$t/warm go build -o "$t/plain" .

for delay in 0.05 0.2 0.5; do
  set -m
  GOCACHEPROG="'$GOPOUCH'" go build -o "$t/killed" . >"$t/log" 2>&1 &
  build=$!
  set +m
  sleep "$delay"
  pkill -KILL -g "$build" -x gopouch || true
  code=0
  wait "$build" || code=$?
  [[ $code -eq 0 || $code -eq 1 ]] || fail "go ended with $code: $(cat "$t/log")"
done
through go build -o "$t/next" . 2>"$t/err"
expect_empty stderr "$t/err"
expect_same "$t/plain" "$t/next"
find "$GOCACHE" -name '.*' -type f >"$t/left"
expect_empty "left by those that were killed" "$t/left"
expect_code 0 "$GOPOUCH" verify >"$t/log"
