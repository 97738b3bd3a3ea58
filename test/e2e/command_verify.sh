#!/usr/bin/env bash
# gopouch verify: 0 and a line where all is what its name says; 1 where something was not, and it is gone.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"
through go build -o "$t/plain" .

expect_code 0 "$GOPOUCH" verify >"$t/out" 2>"$t/err"
expect_empty stderr "$t/err"
expect_eq "lines of its summary" 1 "$(wc -l <"$t/out")"

# One bit of the largest output: of the same size, so that only its hash shows it.
largest=$(find "$GOCACHE" -name '*-d' -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
printf 'X' | dd of="$largest" bs=1 seek=1000 conv=notrunc status=none
expect_code 1 "$GOPOUCH" verify >"$t/out" 2>"$t/err"
expect_eq "lines of its summary" 1 "$(cat "$t/out" "$t/err" | wc -l)"
[[ ! -e $largest ]] || fail "$largest lies, and is still there"
expect_code 0 "$GOPOUCH" verify >"$t/out"

through go build -o "$t/healed" .
expect_same "$t/plain" "$t/healed"
