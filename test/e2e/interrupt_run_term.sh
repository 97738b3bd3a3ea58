#!/usr/bin/env bash
# SIGTERM while `go run` waits for the user's program.
. "$(dirname "$0")/interrupt.inc"
expect_graceful TERM go run .
