#!/usr/bin/env bash
# A limit on file sizes (ulimit -f) that the largest outputs do not fit: go build ends as it does without us.
. "$(dirname "$0")/common.inc"
new_module "$t/module"
cd "$t/module"
warm_cache "$t/warm"

# limited CODE-FILE [GOCACHEPROG]: builds two packages of the standard library that need no linking.
limited() {
  local code=0
  (
    export GOCACHE=$t/cache-$1 GOCACHEPROG=${2:-}
    cp -rp "$t/warm" "$GOCACHE"
    ulimit -f 200 # KiB
    timeout 120 go build -tags other ./... archive/tar
  ) >"$t/log-$1" 2>&1 || code=$?
  echo "$code" >"$t/code-$1"
}
limited plain
limited ours "$(prog --fallback-dir "$t/second")"
expect_same "$t/code-plain" "$t/code-ours"
expect_code 0 "$GOPOUCH" verify --cache-dir "$t/cache-ours" >"$t/log"
