#!/usr/bin/env bash
# go build and go test with Go 1.25.5, on each kind of cache.
. "$(dirname "$0")/build_and_test.inc"
build_and_test 1.25.5
