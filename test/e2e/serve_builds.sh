#!/usr/bin/env bash
# Many go commands over one server: all succeed with the results of go alone, and say nothing. What another
# machine built is there for all of them. A server that is killed in the middle fails no build.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"
go build -o "$t/plain" .

# start_server FLAG...: a server on $GOCACHE; sets $server, and $t/serve.log.
start_server() {
  : >"$t/serve.log" # without the words of the last one
  "$GOPOUCH" serve --plugin "unix:$t/socket" "$@" 2>"$t/serve.log" &
  server=$!
  wait_for 20 grep -q 'sessions at' "$t/serve.log"
}
sessions_ended() { # AT-LEAST
  [[ $(grep -c 'a session:' "$t/serve.log") -ge $1 ]]
}
stop_server() {
  kill -TERM "$server"
  expect_code 0 wait "$server"
}
GOCACHEPROG=$(prog connect "unix:$t/socket")
export GOCACHEPROG

start_server --log-level info
one() {
  case $(($1 % 4)) in
    0) go build -o "$t/out-$1" . ;;
    1) go vet ./... ;;
    2) go test ./... ;;
    3) go list -export ./... ;;
  esac
}
pids=()
for number in {0..15}; do
  one "$number" >"$t/log-$number" 2>"$t/err-$number" &
  pids+=($!)
done
for number in {0..15}; do
  wait "${pids[number]}" || fail "command $number: $(cat "$t/err-$number")"
  expect_empty "stderr of command $number" "$t/err-$number"
done
for number in 0 4 8 12; do expect_same "$t/plain" "$t/out-$number"; done
for number in 2 6 10 14; do
  grep -q '(cached)' "$t/log-$number" || go test ./... | grep -q '(cached)' || fail "no test result is kept"
done
# The end of a session is told a little after go has its answer.
wait_for 20 sessions_ended 16
stop_server

# What one machine has built, a server on another has for all of its clients.
warm=$GOCACHE
export GOCACHE=$t/machine-a
start_server --remote "file://$t/remote" --flush=wait
go build ./sum
stop_server
export GOCACHE=$t/machine-b
start_server --remote "file://$t/remote" --log-level info
pids=()
for number in {0..3}; do
  go build ./sum 2>"$t/err-$number" &
  pids+=($!)
done
for number in {0..3}; do
  wait "${pids[number]}" || fail "build $number: $(cat "$t/err-$number")"
done
wait_for 20 sessions_ended 4
expect_eq "sessions that built nothing" 4 "$(grep -c ' 0 misses, 0 puts' "$t/serve.log")"
stop_server

# Killed while go compiles: by the first compiler that it starts.
export GOCACHE=$warm
start_server
cat >"$t/killer" <<END
#!/usr/bin/env bash
[[ \$* == *-V=full* ]] || kill -KILL $server 2>/dev/null
exec "\$@"
END
chmod +x "$t/killer"
echo 'func More() int { return 1 }' >>sum/sum.go
go build -toolexec "$t/killer" -o "$t/killed" . 2>"$t/err" || fail "the build failed: $(cat "$t/err")"
expect_works "$t/killed"
expect_eq "stderr" "gopouch: the server has gone; going on without the server" "$(cat "$t/err")"
