#!/usr/bin/env bash
# The short ones among the go command's own tests of building, of its cache and of cached test results.
exec "$(dirname "$0")/../support/conformance.sh" '^(build_|cache_|test_cache)' \
  "$(dirname "$0")/conformance_failures.txt" -test.short
