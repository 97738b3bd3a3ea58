#!/usr/bin/env bash
# stderr of go is what it is without us, in good builds and in those that fail.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"

# expect_alike CODE COMMAND...
expect_alike() {
  local wanted=$1
  shift
  expect_code "$wanted" "$@" >"$t/out" 2>"$t/err"
  for round in first second; do
    GOCACHEPROG=$(prog) expect_code "$wanted" "$@" >"$t/out-$round" 2>"$t/err-$round"
    expect_same "$t/out" "$t/out-$round"
    expect_same "$t/err" "$t/err-$round"
  done
}

expect_alike 0 go build ./...
expect_alike 0 go vet ./...
expect_alike 1 go build ./missing
echo 'func broken() int { return "text" }' >>sum/sum.go
expect_alike 1 go build ./...
