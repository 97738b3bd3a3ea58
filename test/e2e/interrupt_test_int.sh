#!/usr/bin/env bash
# SIGINT while `go test` waits for the user's test.
. "$(dirname "$0")/interrupt.inc"
expect_graceful INT go test -count=1 -v .
