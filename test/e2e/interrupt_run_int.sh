#!/usr/bin/env bash
# SIGINT while `go run` waits for the user's program.
. "$(dirname "$0")/interrupt.inc"
expect_graceful INT go run .
