#!/usr/bin/env bash
# SIGHUP while `go test` waits for the user's test.
. "$(dirname "$0")/interrupt.inc"
expect_graceful HUP go test -count=1 -v .
