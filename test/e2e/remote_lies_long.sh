#!/usr/bin/env bash
# A bucket that lies, on a real S3 server: bits that are flipped, objects that are cut short, text that is swapped for
# other text of the same length. Builds on fresh machines end well and give the very same program; no wrong byte stays.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/minio.inc"
. "$(dirname "$0")/../support/remote.inc"
start_minio bucket
support=$(cd "$(dirname "$0")/../support" && pwd)
new_module "$t/module"
cd "$t/module"
on_machine plain
GOCACHEPROG='' go build -o "$t/plain.out" .

# fill PREFIX [FLAG...]: another machine has built the module.
fill() {
  remote="s3://bucket/$1?endpoint=$s3"
  flags=("${@:2}")
  on_machine "fill-$1"
  rm -f "$t/out" # go would not link again
  with_remote go build -o "$t/out" .
  rm -rf "$GOCACHE"
}
# expect_right WHAT: a fresh machine builds the same program, and keeps nothing that is wrong.
expect_right() {
  on_machine fresh
  rm -f "$t/out" # go would not link again
  with_remote go build -o "$t/out" .
  echo "$1: $(tail -n 1 "$t/said")"
  expect_same "$t/plain.out" "$t/out"
  expect_works "$t/out"
  python3 -c '
import sys, pathlib, cache_folder
sys.exit("\n".join(cache_folder.untruths(pathlib.Path(sys.argv[1]))) or None)' "$GOCACHE" || fail "$1: wrong files are left"
  rm -rf "$GOCACHE"
}

fill zstd
fill none --compression=none # what is swapped stands there as it is

# Entries, then packs and manifests with the entries whole, then everything. What is damaged is put right by the
# build that finds it, so each round has a copy of its own.
round=0
for how in flip cut swap; do
  source=zstd
  [[ $how != swap ]] || source=none
  for kinds in e 'p m' 'e p m'; do
    read -ra words <<<"$kinds"
    round=$((round + 1))
    count=$(AWS_ENDPOINT_URL=$s3 "$test_python" "$support/damage.py" bucket "$source" "$round" "$how" "${words[@]}")
    remote="s3://bucket/$round?endpoint=$s3"
    flags=()
    [[ $kinds != e ]] || flags=(--prefetch=off)
    case $how$kinds in
      swape) [[ $count -ge 1 ]] || fail "swap: no entry has the text" ;;
      swap*) ;; # packs are compressed whatever entries are
      *e*) [[ $count -ge 130 ]] || fail "$how of $kinds: only $count objects" ;;
      *) [[ $count -ge 3 ]] || fail "$how of $kinds: only $count objects" ;;
    esac
    expect_right "$how of $kinds, $count objects"
    # The packs come first, and are right where nothing of them could be swapped.
    [[ $count -eq 0 || $how$kinds == 'swape p m' ]] || said 'damaged objects'
    [[ $kinds != 'p m' ]] || said ', 1 misses' # entries are the truth
  done
done
