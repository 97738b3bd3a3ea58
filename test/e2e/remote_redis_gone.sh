#!/usr/bin/env bash
# A Redis that is not there, goes in the middle of a build, or hangs: the build goes on with the local cache, and one
# line says so (and another one, if an upload was the first to notice).
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/redis.inc"
new_module "$t/module"
cd "$t/module"
port=$(unused_port)

expect_one_line() {
  grep -v '^gopouch: upload: redis:' "$t/err" >"$t/line" || true
  [[ $(wc -l <"$t/line") -eq 1 && $(wc -l <"$t/err") -le 2 ]] || fail "$1: wanted one line, got: $(cat "$t/err")"
  grep -q 'going on with the local cache' "$t/line" || fail "$1: not the line: $(cat "$t/err")"
  grep -q "redis://127.0.0.1:$port/ci" "$t/line" || fail "$1: which one? $(cat "$t/err")"
  ! grep hunter2 "$t/err" || fail "$1: tells the password"
}

GOCACHEPROG=$(prog --remote "redis://:hunter2@127.0.0.1:$port/ci") go build -o "$t/a.out" . 2>"$t/err"
expect_one_line "gone at the start"
expect_works "$t/a.out"

start_redis "$port"
export GOCACHE=$t/cache-2
GOCACHEPROG=$(prog --remote "redis://127.0.0.1:$port/ci") go build -o "$t/b.out" . 2>"$t/err" &
build=$!
wait_for 60 has_names "$port" '*' 20
kill -KILL "$redis"
wait "$build" || fail "the build failed: $(cat "$t/err")"
expect_one_line "gone in the middle"
expect_works "$t/b.out"
expect_same "$t/a.out" "$t/b.out"

port=$(unused_port)
start_redis "$port"
kill -STOP "$redis"
export GOCACHE=$t/cache-3
GOCACHEPROG=$(prog --remote "redis://127.0.0.1:$port/ci") go build -o "$t/c.out" . 2>"$t/err"
expect_one_line "hangs"
expect_same "$t/a.out" "$t/c.out"
