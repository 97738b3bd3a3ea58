#!/usr/bin/env bash
# All short tests of the go command, and the long ones of all that goes through its cache.
set -euo pipefail
suite=$(dirname "$0")/../support/conformance.sh
failures=$(dirname "$0")/conformance_failures.txt
"$suite" '' "$failures" -test.short
cached='build_|cache_|test_cache|test_fuzz_cache|vet_|clean_|list_export|list_test|list_compiled|list_cgo'
cached+='|run_|install_|tool_|env_gocacheprog|cover_|link_'
"$suite" "^($cached)" "$failures"
