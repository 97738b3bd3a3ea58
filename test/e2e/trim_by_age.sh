#!/usr/bin/env bash
# A session is followed by a trim when the last one was a day ago, as go's own cache does, and by none when
# it was not.
. "$(dirname "$0")/common.inc"
new_module "$t/module"
cd "$t/module"
stale=$GOCACHE/ab/ab00000000000000000000000000000000000000000000000000000000000000-d

# session LAST-TRIM: a go command on a cache with a file that nobody used for a week.
session() {
  mkdir -p "${stale%/*}"
  touch -d '7 days ago' "$stale"
  date -d "$1" +%s >"$GOCACHE/trim.txt"
  through go list . >"$t/log"
}
gone() { [[ ! -e $stale ]]; }
trimmed() { (($(cat "$GOCACHE/trim.txt") > $(date -d '1 hour ago' +%s))); }

session '25 hours ago'
wait_for 10 gone
wait_for 10 trimmed
wait_for 10 test -s "$GOCACHE/gopouch/usage" # the end of a first trim

session '20 hours ago'
"$GOPOUCH" </dev/null >"$t/hello" # a session that we see the end of
gone && fail "trimmed after less than a day"
trimmed && fail "trim.txt is new without a trim"
exit 0
