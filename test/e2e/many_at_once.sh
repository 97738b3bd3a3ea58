#!/usr/bin/env bash
# Sixteen go commands at once on one cache, the same work and different work, while the cache is pruned
# again and again: all succeed with the same results, nothing that was used within a day goes, and what
# was not goes while the cache is above its limit.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"
go build -o "$t/plain" .

# Old outputs that nobody wants, and others that are wanted although they look new and are many.
old=()
for number in 1 2 3; do
  head -c 1000000 /dev/zero | tr '\0' "$number" >"$t/body"
  hash=$(sha256sum <"$t/body" | cut -d' ' -f1)
  file=$GOCACHE/${hash:0:2}/$hash-d
  mv "$t/body" "$file"
  touch -d '3 days ago' "$file"
  old+=("$file")
done
find "$GOCACHE" -name '*-[ad]' -newermt '2 days ago' | sort >"$t/recent"

prune_on() {
  until [[ -e $t/done ]]; do
    "$GOPOUCH" prune --cache-dir "$GOCACHE" --cache-limit 50MB >>"$t/prune.log" 2>&1 || true
    sleep 0.1
  done
}
prune_on &
pruner=$!

# one NUMBER: a go command, of its own module for the odd ones.
one() {
  local dir=$t/module
  if (($1 % 2)); then
    dir=$t/module-$1
    new_module "$dir"
    echo "func Number() int { return $1 }" >>"$dir/sum/sum.go"
  fi
  cd "$dir"
  case $(($1 / 2 % 3)) in
    0) go build -o "$t/out-$1" . ;;
    1) go vet ./... ;;
    2) go test -count=1 ./... ;;
  esac
}

pids=()
for number in {0..15}; do
  GOCACHEPROG=$(prog --cache-limit 50MB) one "$number" >"$t/log-$number" 2>&1 &
  pids+=($!)
done
for number in {0..15}; do
  wait "${pids[number]}" || fail "command $number: $(cat "$t/log-$number")"
done
touch "$t/done"
wait "$pruner"

for number in 0 6 12; do expect_same "$t/plain" "$t/out-$number"; done
for number in 1 7 13; do expect_works "$t/out-$number"; done
while read -r file; do
  [[ -e $file ]] || fail "$file was used within a day, and is gone"
done <"$t/recent"
for file in "${old[@]}"; do
  [[ ! -e $file ]] || fail "$file is old, and still here above the limit: $(tail -n 3 "$t/prune.log")"
done
expect_code 0 "$GOPOUCH" verify >/dev/null
