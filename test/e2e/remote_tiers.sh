#!/usr/bin/env bash
# Several remotes. A pull request writes a prefix of its own before the main branch's, which it only reads: a fresh
# machine builds nothing, the main one stays as it is, and afterwards its own prefix alone has everything.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
mkdir "$t/shared"
main=file://$t/shared/main
pr=file://$t/shared/pr-1
new_module "$t/module"
cd "$t/module"

# snapshot FILE: what the main prefix holds, and when that was written.
snapshot() {
  find "$t/shared/main" -type f -printf '%p %s %T@\n' | sort >"$1"
}

on_machine a
remote=$main
with_remote go build ./...
with_remote go test ./...
snapshot "$t/before"

on_machine b
remote=$pr
flags=(--remote "$main?mode=ro")
with_remote go build ./...
said ", 1 misses" # the link of the program is never put
said "remote: 0 from $pr and "
said " 0 local)"
[[ -z $(find "$t/shared/pr-1/v1/e" -type f 2>/dev/null) ]] || fail "entries beside a pack that holds them"
with_remote go test ./... >"$t/log"
grep -q '(cached)' "$t/log" || fail "a test result did not come: $(cat "$t/log")"
snapshot "$t/after"
expect_same "$t/before" "$t/after"

on_machine c
flags=()
with_remote go build ./...
said ", 1 misses"
said ", 0 local)"
with_remote go test ./... >"$t/log"
grep -q '(cached)' "$t/log" || fail "a test result is not in the first: $(cat "$t/log")"

# A change of the pull request's: what it compiles goes to its own prefix, and so does what packs know nothing of. The
# list in a variable means the same as two flags.
on_machine d
echo 'package sum; func Changed() int { return 7 }' >sum/changed.go
touch -d '1 hour' sum/changed.go # so that go finds it too new for an index, however slow the machine is
remote="$pr,$main?mode=ro"
with_remote go build ./...
snapshot "$t/after"
expect_same "$t/before" "$t/after"
on_machine e
GOPOUCH_REMOTE=$remote GOCACHEPROG=$(prog --flush=wait --stats) go build ./... 2>"$t/said"
said ", 1 misses"
said " and 0 from $main, 0 local)"

# Without packs each action is asked for by itself, and what came from the second becomes an entry in the first.
on_machine f
rm -r "$t/shared/pr-1"
rm sum/changed.go
flags=(--prefetch=off)
with_remote go build ./...
said ", 1 misses"
on_machine g
remote=$pr
with_remote go build ./...
said ", 1 misses"
snapshot "$t/after"
expect_same "$t/before" "$t/after"

# One that cannot be reached is passed over, with one line.
on_machine h
remote="s3://bucket/ci?endpoint=http%3A%2F%2F127.0.0.1%3A9&region=x,$main?mode=ro"
flags=()
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=hunter2
with_remote go build ./...
said ", 1 misses"
expect_eq "lines of a remote that is down" 1 "$(grep -c 'going on with the other remotes' "$t/said")"
expect_code 1 "$GOPOUCH" --require-remote --remote "$remote" </dev/null >"$t/log" 2>"$t/err"

# The commands speak of each.
remote="$pr,$main?mode=ro"
"$GOPOUCH" doctor --remote "$remote" >"$t/said"
expect_eq "remotes that doctor shows" 2 "$(grep -c '^ok *remote' "$t/said")"
said "read-only"
"$GOPOUCH" scope --remote "$remote" build ./... >"$t/said"
expect_eq "remotes that scope asks" 2 "$(grep -c "^  $main" "$t/said")"
on_machine i
"$GOPOUCH" prefetch --remote "$remote" build ./... >"$t/said"
said "$main: "
with_remote go build ./...
said '(0 remote'
said ', 1 misses'
"$GOPOUCH" prune remote --remote "$remote" >"$t/said" 2>"$t/err"
said "Removed 0 entries"
grep -qF "$main: read-only, left as it is" "$t/err" || fail "nothing of the read-only one: $(cat "$t/err")"
"$GOPOUCH" clear-remote --remote "$remote" >"$t/said" 2>"$t/err"
grep -qF "$main: read-only, left as it is" "$t/err" || fail "nothing of the read-only one: $(cat "$t/err")"
said 'Remote cache cleared successfully'
[[ -z $(find "$t/shared/pr-1" -type f) ]] || fail "left: $(find "$t/shared/pr-1" -type f)"
snapshot "$t/after"
expect_same "$t/before" "$t/after"
expect_code 2 "$GOPOUCH" clear-remote --remote "$main?mode=ro" 2>"$t/err"
grep -q 'read-only' "$t/err" || fail "wrong words: $(cat "$t/err")"
