#!/usr/bin/env bash
# The older programs' layouts, with a real go on real servers: a bucket that was written by their rules gives a
# fresh machine everything; what a session writes is what their rules say, and gives everything again; and
# clear-remote takes just that away.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/minio.inc"
. "$(dirname "$0")/../support/redis.inc"
. "$(dirname "$0")/../support/remote.inc"
command -v lz4 >/dev/null || skip "no lz4; tools/install-deps.sh test installs it"
start_minio bucket
export AWS_ENDPOINT_URL=$s3
REDIS_PORT=$(unused_port)
export REDIS_PORT
start_redis "$REDIS_PORT"

new_module "$t/module"
cd "$t/module"
export GOCACHE=$t/plain
GOCACHEPROG='' go build -o "$t/plain.out" .
GOCACHEPROG='' go test ./sum

old() { # write|check PREFIX FOLDER: by the rules of $layout
  "$test_python" "$(dirname "${BASH_SOURCE[0]}")/../support/old_layouts.py" "$1" "$layout" "$2" "$3" ||
    fail "$layout: $1"
}

for layout in gobuildcache gocache-s3 go-cache-plugin gocacheprog; do
  case $layout in
  gocacheprog) to=redis://127.0.0.1:$REDIS_PORT/gocacheprog own=gocacheprog ;;
  *) to=s3://bucket/$layout own=$layout ;;
  esac
  flags=(--layout "$layout")

  old write "$own/theirs/" "$t/plain" >/dev/null
  remote=$to/theirs
  on_machine "$layout-1"
  rm -f "$t/b.out" # go would not link again
  with_remote go build -o "$t/b.out" .
  said ', 1 misses' # the link of the program, which is never put
  said ', 0 local)'
  expect_same "$t/plain.out" "$t/b.out"
  with_remote go test ./sum >"$t/log"
  grep -q '(cached)' "$t/log" || fail "$layout: a test result did not come: $(cat "$t/log")"

  # What it takes from there it writes to its own, by the same rules.
  remote=$to/ours
  on_machine "$layout-2"
  flags+=(--remote "$to/theirs?mode=ro")
  with_remote go test ./sum
  said "remote: 0 from $remote"
  entries=$(old check "$own/ours/" "$GOCACHE")
  [[ $entries -gt 50 ]] || fail "$layout: only $entries entries"
  flags=(--layout "$layout")
  on_machine "$layout-3"
  with_remote go test ./sum >"$t/log"
  said ', 0 misses'
  grep -q '(cached)' "$t/log" || fail "$layout: a test result did not come: $(cat "$t/log")"

  expect_eq "words of clear-remote" 'Remote cache cleared successfully' \
    "$("$GOPOUCH" clear-remote "${flags[@]}" --remote "$remote")"
  expect_eq "entries that are left" 0 "$(old check "$own/ours/" "$t/nothing")"
  old check "$own/theirs/" "$t/plain" >/dev/null
done

# The programs' own words, with a prefix that has no "/" behind it.
layout=gobuildcache
on_machine words
BACKEND_TYPE=s3 S3_BUCKET=bucket S3_PREFIX=team- GOPOUCH_LAYOUT=$layout GOCACHEPROG=$(prog --flush=wait) \
  go build internal/goos
old check team- "$GOCACHE" >/dev/null
on_machine words-2
GOCACHEPROG=$(prog --layout=gocacheprog "-r-urls=127.0.0.1:$REDIS_PORT" -r-prefix=/team/ --flush=wait) \
  go build internal/goos
layout=gocacheprog
old check gocacheprog/team/ "$GOCACHE" >/dev/null

# Where a store cannot hold a layout: one line, before anything begins.
for wrong in "gobuildcache file://$t/folder" "gocache-s3 redis://127.0.0.1:$REDIS_PORT" \
  "gocacheprog redis://127.0.0.1:$REDIS_PORT/ci"; do
  expect_code 2 "$GOPOUCH" --layout "${wrong% *}" --remote "${wrong#* }" </dev/null 2>"$t/err" >"$t/out"
  expect_eq "lines for $wrong" 1 "$(wc -l <"$t/err")"
  expect_empty "stdout" "$t/out"
done
