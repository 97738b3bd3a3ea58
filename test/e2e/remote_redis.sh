#!/usr/bin/env bash
# A real Redis: a fresh machine builds nothing that another has built; entries have the names and the time to
# live that the documents say; the older program's flags work; doctor and clear-remote do; nobody tells a password.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/redis.inc"
port=$(unused_port)
start_redis "$port" --requirepass hunter2
cli() {
  redis-cli -p "$port" -a hunter2 --no-auth-warning "$@"
}
remote=redis://:hunter2@127.0.0.1:$port/team/ci
expect_shared

cli --scan --pattern '*' >"$t/names"
grep -qE '^team:ci:v1:e:[0-9a-f]{64}$' "$t/names" || fail "no entry: $(head "$t/names")"
# A pack is large enough to lie in parts.
! grep -vE '^team:ci:(v1:[a-z]+:|[{]team:ci:v1:p:[0-9a-f]*[}]:[0-9a-f]{16}:[0-9]+$)' "$t/names" || fail "strangers"
left=$(cli ttl "$(grep -m1 v1:e: "$t/names")")
[[ $left -gt 604000 && $left -le 604800 ]] || fail "the time to live is $left"

# gocacheprog's flags, with a user of its own.
cli acl setuser builder on '>hunter3' '~old:*' '+@all' >/dev/null
on_machine d
GOCACHEPROG=$(prog "-r-urls=127.0.0.1:$port" -r-usr=builder -r-pwd=hunter3 -r-prefix=old --redis-ttl=1h --flush=wait) \
  go build ./sum
entry=$(cli --scan --pattern 'old:v1:e:*' | head -n 1)
[[ -n $entry ]] || fail "nothing under the old names' prefix"
left=$(cli ttl "$entry")
[[ $left -gt 3500 && $left -le 3600 ]] || fail "the time to live is $left"

expect_code 0 "$GOPOUCH" doctor --remote "$remote" >"$t/doctor" 2>&1
for word in "redis://127.0.0.1:$port/team:ci" "the URL's password" 'a round trip' '/s'; do
  grep -qF "$word" "$t/doctor" || fail "doctor does not say '$word': $(cat "$t/doctor")"
done
expect_code 1 "$GOPOUCH" doctor --remote "redis://:hunter4@127.0.0.1:$port/x" >"$t/denied" 2>&1
grep -q 'refuses the user or password' "$t/denied" || fail "doctor does not name the fault: $(cat "$t/denied")"
GOPOUCH_REMOTE=$remote "$GOPOUCH" config >"$t/settings"
! grep -l 'hunter[234]' "$t/doctor" "$t/denied" "$t/settings" "$t/said" || fail "somebody tells a password"

cli set team:ci:precious.txt x >/dev/null
cli set precious.txt x >/dev/null
expect_eq "words of clear-remote" 'Remote cache cleared successfully' \
  "$("$GOPOUCH" clear-remote --remote "$remote" 2>"$t/err")"
expect_empty "stderr of clear-remote" "$t/err"
expect_eq "what is left" 'precious.txt team:ci:precious.txt' "$(cli --scan --pattern '*' | grep -v '^old:' | sort | xargs)"
expect_eq "entries under another prefix" 1 "$(cli exists "$entry")"

# One bit of everything there is turns over: no wrong byte comes here, and what was damaged is put anew. Last,
# for the parts of a header that none can read any more stay until their time is over.
cd "$t/module"
on_machine again
with_remote go build -o "$t/again.out" .
flipped=$(cli eval "local names = redis.call('KEYS', 'team:ci:*')
  for _, name in ipairs(names) do
    local at = math.floor(redis.call('STRLEN', name) / 2)
    local byte = string.byte(redis.call('GETRANGE', name, at, at))
    redis.call('SETRANGE', name, at, string.char(bit.bxor(byte, 1)))
  end
  return #names" 0)
[[ $flipped -gt 50 ]] || fail "only $flipped objects"
on_machine flipped
with_remote go build -o "$t/flipped.out" .
expect_same "$t/a.out" "$t/flipped.out"
grep -qE ' [1-9][0-9]* damaged objects' "$t/said" || fail "no word of damage: $(cat "$t/said")"
"$GOPOUCH" verify >"$t/verified" || fail "damage came here: $(cat "$t/verified")"
on_machine healed
with_remote go build -o "$t/healed.out" .
said ', 1 misses'
expect_same "$t/a.out" "$t/healed.out"
