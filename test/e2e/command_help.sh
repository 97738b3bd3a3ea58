#!/usr/bin/env bash
# gopouch help, -h and --help say what there is, on stdout; a topic nobody knows is asked wrongly.
. "$(dirname "$0")/common.inc"
for words in help -h --help "prune --help"; do
  # shellcheck disable=SC2086 # words are several arguments
  expect_code 0 "$GOPOUCH" $words >"$t/out" 2>"$t/err"
  expect_empty "stderr of $words" "$t/err"
  for word in clear clear-local verify prune config version --cache-dir --cache-limit --max-age --verify --stats; do
    grep -qe "$word" "$t/out" || [[ $words == prune* ]] || fail "$words says nothing of $word"
  done
done
expect_code 0 "$GOPOUCH" help cache-limit >"$t/out"
grep -q GOPOUCH_CACHE_LIMIT "$t/out" || fail "help cache-limit: $(cat "$t/out")"
expect_code 2 "$GOPOUCH" help nonsense >"$t/out" 2>"$t/err"
expect_empty stdout "$t/out"
expect_eq "lines of stderr" 1 "$(wc -l <"$t/err")"
