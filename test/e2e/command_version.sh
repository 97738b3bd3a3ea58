#!/usr/bin/env bash
# gopouch version: one line, the name and a version.
. "$(dirname "$0")/common.inc"
expect_code 0 "$GOPOUCH" version >"$t/out" 2>"$t/err"
expect_empty stderr "$t/err"
grep -qxE 'gopouch [0-9]+\.[0-9]+\.[0-9]+' "$t/out" || fail "$(cat "$t/out")"
expect_eq lines 1 "$(wc -l <"$t/out")"
