#!/usr/bin/env bash
# SIGTERM while `go test` waits for the user's test.
. "$(dirname "$0")/interrupt.inc"
expect_graceful TERM go test -count=1 -v .
