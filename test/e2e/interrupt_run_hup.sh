#!/usr/bin/env bash
# SIGHUP while `go run` waits for the user's program.
. "$(dirname "$0")/interrupt.inc"
expect_graceful HUP go run .
