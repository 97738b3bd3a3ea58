#!/usr/bin/env bash
# The servers of go-cacher, the first kind and the present one: a fresh machine builds nothing that another has built;
# test results come, but none that is older than `go clean -testcache`; what cannot be listed is said to be so.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
bin=${GOPOUCH_TEST_BIN:-$user_cache/gopouch-test/bin}
export HOME=$t/home
mkdir "$HOME"

# start_server NAME: $server is its address.
start_server() {
  local port
  [[ -x $bin/$1 ]] || skip "no $1; tools/test-servers.sh builds one"
  for _ in 1 2 3; do # another program may take the port first
    port=$(python3 -c 'import object_server; print(object_server.unused_port())')
    server=127.0.0.1:$port
    "$bin/$1" -cache-dir "$t/$1" -listen "$server" >"$t/$1.log" 2>&1 &
    process=$!
    for _ in {1..200}; do
      ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
      kill -0 "$process" 2>/dev/null || break
      sleep 0.1
    done
  done
  fail "$1 does not start: $(cat "$t/$1.log")"
}

for kind in go-cacher-server gocached; do
  start_server "$kind"
  remote=go-cacher+http://$server
  rm -rf "$t/module" "$t"/machine-* "$t"/?.out
  expect_shared

  on_machine d
  mkdir -p "$GOCACHE"
  go clean -testcache
  with_remote go test ./... >"$t/log"
  ! grep -q '(cached)' "$t/log" || fail "a test result that go clean has forgotten: $(cat "$t/log")"

  expect_code 0 "$GOPOUCH" doctor --remote "$remote" >"$t/doctor"
  for command in clear-remote 'prune remote'; do
    # shellcheck disable=SC2086 # two words
    expect_code 1 "$GOPOUCH" $command --force-whole-bucket --remote "$remote" 2>"$t/err"
    expect_eq "lines of $command" 1 "$(wc -l <"$t/err")"
    grep -q 'lists nothing' "$t/err" || fail "wrong words: $(cat "$t/err")"
  done
  kill "$process"
done

# Gone: nothing but time is lost, and one line is said.
on_machine e
with_remote go build ./sum
expect_eq "lines that are said" 1 "$(grep -c 'going on with the local cache' "$t/said")"
