#!/usr/bin/env bash
# What is asked wrongly is one line on stderr and exit code 2, before the hello; a go command says it too.
. "$(dirname "$0")/common.inc"

# expect_refused WORD COMMAND...: says something with WORD in it.
expect_refused() {
  local word=$1
  shift
  expect_code 2 "$@" >"$t/out" 2>"$t/err" </dev/null
  expect_empty "stdout of $*" "$t/out"
  expect_eq "lines of $*" 1 "$(wc -l <"$t/err")"
  grep -qF -e "$word" "$t/err" || fail "$*: $(cat "$t/err")"
}
expect_refused no-such-flag "$GOPOUCH" --no-such-flag
expect_refused no-such-flag "$GOPOUCH" -no-such-flag=1
expect_refused no-such-command "$GOPOUCH" no-such-command
expect_refused cache-limit "$GOPOUCH" --cache-limit lots
expect_refused cache-limit "$GOPOUCH" --cache-limit
expect_refused max-age "$GOPOUCH" --max-age=soon prune
expect_refused verify "$GOPOUCH" --verify=sometimes
expect_refused GOPOUCH_CACHE_LIMIT env GOPOUCH_CACHE_LIMIT=lots "$GOPOUCH"

mkdir -p "$XDG_CONFIG_HOME/gopouch"
printf '\nno-such-setting = 1\n' >"$XDG_CONFIG_HOME/gopouch/config.toml"
expect_refused config.toml:2 "$GOPOUCH"
rm "$XDG_CONFIG_HOME/gopouch/config.toml"

new_module "$t/module"
cd "$t/module"
GOCACHEPROG=$(prog --no-such-flag) expect_code 1 go list . >"$t/out" 2>"$t/err"
grep -q no-such-flag "$t/err" || fail "go does not say it: $(cat "$t/err")"
