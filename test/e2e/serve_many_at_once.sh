#!/usr/bin/env bash
# Sixteen go commands at once over one server, whose cache is pruned meanwhile.
. "$(dirname "$0")/many_at_once.inc"
warm_cache "$GOCACHE"
"$GOPOUCH" serve --plugin "unix:$t/socket" --cache-limit 50MB --log-level info 2>"$t/serve.log" &
server=$!
wait_for 20 grep -q 'sessions at' "$t/serve.log"
many_at_once "$(prog connect "unix:$t/socket" --no-fallback)"
kill -TERM "$server"
expect_code 0 wait "$server"
[[ $(grep -c 'a session:' "$t/serve.log") -ge 16 ]] || fail "not all came to the server: $(cat "$t/serve.log")"
