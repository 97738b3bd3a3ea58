#!/usr/bin/env bash
# gopouch prune: what was unused for longer than --max-age goes, and above --cache-limit the least recently
# used, but nothing of the last day.
. "$(dirname "$0")/common.inc"

# output NUMBER AGE: an output of 1 MB that was last used so long ago; prints its name.
output() {
  local body=$t/body hash file
  head -c 1000000 /dev/zero | tr '\0' "$1" >"$body"
  hash=$(sha256sum <"$body" | cut -d' ' -f1)
  file=$GOCACHE/${hash:0:2}/$hash-d
  mkdir -p "${file%/*}"
  mv "$body" "$file"
  touch -d "$2 ago" "$file"
  echo "$file"
}
# expect_files WANTED FILE...: "+" for each that is to be there, "-" for each that is not.
expect_files() {
  local wanted=$1 got='' file
  shift
  for file in "$@"; do
    if [[ -e $file ]]; then got+=+; else got+=-; fi
  done
  expect_eq "files that are left" "$wanted" "$got"
}

files=("$(output 1 '6 days')" "$(output 2 '4 days')" "$(output 3 '3 days')" "$(output 4 '2 days')"
  "$(output 5 '20 hours')" "$(output 6 '1 minute')")
expect_code 0 "$GOPOUCH" prune >"$t/out" 2>"$t/err"
expect_empty stderr "$t/err"
expect_eq "lines of its summary" 1 "$(wc -l <"$t/out")"
expect_files -+++++ "${files[@]}"

expect_code 0 "$GOPOUCH" prune --max-age 84h >"$t/out"
expect_files --++++ "${files[@]}"

# The limit is aimed at from a tenth below.
expect_code 0 "$GOPOUCH" prune --cache-limit 3500000 >"$t/out"
expect_files ---+++ "${files[@]}"
expect_code 0 "$GOPOUCH" prune --cache-limit 1 >"$t/out"
expect_files ----++ "${files[@]}"
