#!/usr/bin/env bash
# gopouch config: each setting with its value and where that came from: flag, variable, file, default.
. "$(dirname "$0")/common.inc"
mkdir -p "$XDG_CONFIG_HOME/gopouch"
printf 'max-age = "48h"\nverify = "never"\ncache-limit = "1GB"\n' >"$XDG_CONFIG_HOME/gopouch/config.toml"
export GOPOUCH_VERIFY=auto GOPOUCH_STATS=
expect_code 0 "$GOPOUCH" config --cache-limit 3GB >"$t/out" 2>"$t/err"
expect_empty stderr "$t/err"

# expect_setting NAME VALUE ORIGIN, as regular expressions
expect_setting() {
  grep -qE "^$1 +$2 +.*$3" "$t/out" || fail "wanted $1 = $2 from $3 in: $(cat "$t/out")"
}
expect_setting cache-limit '3 ?GB' 'flag --cache-limit'
expect_setting verify auto GOPOUCH_VERIFY
expect_setting max-age '48h.*|2d' 'config\.toml:1'
expect_setting stats 'false|off' default
expect_setting cache-dir "$GOCACHE" GOCACHE
