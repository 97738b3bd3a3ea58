#!/usr/bin/env bash
# go build and go test with the installed Go, on each kind of cache.
. "$(dirname "$0")/build_and_test.inc"
build_and_test local
