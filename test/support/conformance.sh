#!/usr/bin/env bash
# The go command's own script tests, each with the program as its GOCACHEPROG.
#
#   conformance.sh REGEX EXPECTED-FAILURES [TEST-FLAG...]
#
# Runs the tests of cmd/go/testdata/script whose names match, and fails unless those that fail are just the
# ones named (one a line: "name reason"). The scripts compare stderr: a word of ours too many fails them.
#
# SUITE_GOCACHEPROG in the environment is run in the place of the program alone.
#
# How: the scripts' environment is made in cmd/go's script_test.go. An overlay of that file, made here from
# the installed sources, adds GOCACHEPROG to it. The test binary is kept beside the program under test.
. "$(dirname "$0")/../e2e/common.inc"
regex=${1?REGEX} expected=$(realpath "${2:?EXPECTED-FAILURES}")
shift 2

root=$(go env GOROOT)
binary=$shared/cmd-go-$(go env GOVERSION).test

# build_suite: the test binary of cmd/go with the overlay.
build_suite() {
  local original=$root/src/cmd/go/script_test.go
  local line='"GOPROXY=" + proxyURL,'
  grep -qF "$line" "$original" || fail "$original is not the file that is expected here"
  sed "s|$line|& \"GOCACHEPROG=\" + os.Getenv(\"SUITE_GOCACHEPROG\"),|" "$original" >"$t/script_test.go"
  printf '{"Replace": {"%s": "%s"}}\n' "$original" "$t/script_test.go" >"$t/overlay.json"
  warm_cache "$t/build-cache"
  (
    cd "$root/src/cmd/go"
    GOFLAGS='' GOCACHE=$t/build-cache go test -c -vet=off -overlay "$t/overlay.json" -o "$binary.part" .
  )
  mv "$binary.part" "$binary"
}
mkdir -p "$shared"
exec 9>"$binary.lock"
flock 9
[[ -x $binary ]] || build_suite
exec 9>&-

# The suite decides for itself about everything but the cache.
unset GOFLAGS GOENV GOPROXY GOWORK GOMODCACHE CGO_ENABLED
mkdir "$t/suite"
cd "$root/src/cmd/go"
export SUITE_GOCACHEPROG TMPDIR=$t/suite
SUITE_GOCACHEPROG=${SUITE_GOCACHEPROG:-$(prog)}
"$binary" -test.run "TestScript/$regex" -test.v -test.timeout 50m "$@" >"$t/log" 2>&1 || true

# names VERDICT: the tests that came out so.
names() { sed -n "s|^    --- $1: TestScript/\([^ ]*\) .*|\1|p" "$t/log" | sort; }
passed=$(names PASS | wc -l) skipped=$(names SKIP | wc -l)
names FAIL >"$t/failed"
# Of those that ran: what may fail must fail, else the list is out of date.
cut -d' ' -f1 "$expected" | sort | comm -12 - <(sort <(names PASS) <(names FAIL)) >"$t/expected"
echo "$passed passed, $skipped skipped, $(wc -l <"$t/failed") failed, of them expected: $(wc -l <"$t/expected")"
if ! diff "$t/expected" "$t/failed"; then
  grep -n -A 60 '^=== NAME\|^    --- FAIL' "$t/log" | tail -n 200
  fail "wanted the first list to fail, got the second"
fi
((passed > 0)) || fail "nothing ran: $(tail -n 20 "$t/log")"
