#!/usr/bin/env bash
# The commands that use the cache in their own ways give what they give without us, also the second time.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"

# expect_alike COMMAND...
expect_alike() {
  "$@" >"$t/wanted" 2>&1 || fail "$* without us: $(cat "$t/wanted")"
  for _ in 1 2; do
    through "$@" >"$t/got" 2>&1 || fail "$*: $(cat "$t/got")"
    # Times differ, and whether a result was cached.
    sed -i -E 's/\t([0-9.]+s|\(cached\))/\tTIME/' "$t/wanted" "$t/got"
    expect_same "$t/wanted" "$t/got"
  done
}

expect_alike go run .
expect_alike go test ./...
expect_alike go test -cover ./sum
expect_alike go vet ./...
expect_alike go list ./...
expect_alike go list -deps -test ./...
expect_alike go list -json=Dir,GoFiles,Imports ./...
expect_alike go env GOOS GOCACHE GOVERSION
expect_alike go mod tidy
expect_alike go fmt ./...
