#!/usr/bin/env bash
# Signals to go and to its bridge, while `go run` and `go test` wait for the user's program. The server is elsewhere.
. "$(dirname "$0")/interrupt.inc"
all=$t
for each in run-INT run-HUP test-TERM; do
  (
    t=$all/$each
    mkdir "$t"
    export GOCACHE=$t/cache
    warm_cache "$GOCACHE"
    : >"$t/serve.log"
    setsid "$GOPOUCH" serve --plugin "unix:$t/socket" 2>"$t/serve.log" &
    server=$!
    wait_for 20 grep -q 'sessions at' "$t/serve.log"
    program=$(prog connect "unix:$t/socket" --no-fallback)
    expect_graceful "${each#*-}" go "${each%-*}" .
    kill -TERM "$server"
    expect_code 0 wait "$server"
  )
done
