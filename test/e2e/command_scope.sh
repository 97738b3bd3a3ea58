#!/usr/bin/env bash
# gopouch scope: the names that a go command's session would have, and what they are made of. Asked in a
# shell and from within that go command, the answer is the same.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"

# scope [WORD...]
scope() {
  expect_code 0 "$GOPOUCH" scope "$@" >"$t/out" 2>"$t/err"
  expect_empty "stderr of scope $*" "$t/err"
  cat "$t/out"
}

# name_of KIND [WORD...]: the hash of that kind; nothing where there is none
name_of() {
  local kind=$1
  shift
  scope "$@" | sed -nE "s/^$kind +//p"
}

# --- what it says ----------------------------------------------------------------------------------------

facts="
made of
  GOVERSION    $(go env GOVERSION)
  GOOS         linux
  GOARCH       arm64
  GOARM64      v8.0
  CGO_ENABLED  0
  GOFLAGS      -mod=mod -trimpath=true
  module       example.com/pouch
the exact one also of
  command      test
  -mod         mod
  -race        true
  -trimpath    true
  folder       sum
  package      ./..."
cd sum
expect_eq 'the facts' "$facts" "$(GOOS=linux GOARCH=arm64 scope -- test -v --race=1 -run X ./... | sed 1,2d)"
cd ..

module=$(name_of module)
[[ $module =~ ^[0-9a-f]{64}$ ]] || fail "no hash: $module"
expect_eq 'an exact one without a command' '' "$(name_of exact)"
expect_eq "the module's name with a command" "$module" "$(name_of module build ./...)"
exact=$(name_of exact build ./...)
[[ $exact =~ ^[0-9a-f]{64}$ && $exact != "$module" ]] || fail "no name of its own: $exact"
expect_eq 'the name for a full command line' "$exact" "$(name_of exact -- /usr/bin/go build -v -o x ./...)"
[[ $(name_of exact build ./sum) != "$exact" ]] || fail "other packages, the same name"

named=$(name_of named --scope nightly build ./...)
expect_eq 'a name given to another command' "$named" "$(GOPOUCH_SCOPE=nightly name_of named)"

expect_code 2 "$GOPOUCH" scope test -race 2>"$t/err" >/dev/null
grep -q 'unknown flag "-race"' "$t/err" || fail "what -race is for: $(cat "$t/err")"

mkdir "$t/scripts"
printf '#!/bin/sh\n' >"$t/scripts/go"
chmod +x "$t/scripts/go"
PATH=$t/scripts:$PATH expect_code 0 "$GOPOUCH" scope >/dev/null 2>"$t/err"
grep -q GOVERSION "$t/err" || fail "silent about a go that does not say its version: $(cat "$t/err")"

# --- the same from within go -----------------------------------------------------------------------------

cat >"$t/prog" <<END
#!/bin/sh
'$GOPOUCH' scope </dev/null >>'$t/within' 2>&1
exec '$GOPOUCH'
END
chmod +x "$t/prog"

# expect_agreement WORD...: as words of a go command
expect_agreement() {
  rm -f "$t/within"
  scope -- "$@" >"$t/before"
  GOCACHEPROG=$t/prog go "$@" >"$t/go.log" 2>&1 || fail "go $*: $(cat "$t/go.log")"
  expect_same "$t/before" "$t/within"
  grep -q "command  *$1\$" "$t/within" || fail "no command in: $(cat "$t/within")"
}

expect_agreement build ./...
expect_agreement build -C sum -ldflags=-s -tags b,a .
expect_agreement test -count=1 ./sum
expect_agreement vet ./sum
expect_agreement list -export -deps ./sum
expect_agreement run . words of its own

# As users have it: hardly a variable is set, some stand in go's own file, in a workspace.
unset GOFLAGS CGO_ENABLED GOENV GOWORK GOTOOLCHAIN
mkdir -p "$XDG_CONFIG_HOME/go"
printf 'GOFLAGS=-buildvcs=false -tags=x\nGOTOOLCHAIN=local\nCGO_CFLAGS=-O1\n' >"$XDG_CONFIG_HOME/go/env"
expect_agreement build ./sum
ln -s "$t/module" "$t/link"
cd "$t/link/sum"
expect_agreement build ./...
cd "$t/module"
printf 'go 1.24\nuse .\n' >go.work
expect_agreement build ./sum
grep -q 'workspace *example.com/pouch' "$t/within" || fail "no workspace in: $(cat "$t/within")"
GOOS=windows GOARCH=arm64 expect_agreement build ./sum
GOENV=off GOAMD64=v2 expect_agreement build ./sum

# A go that another go has switched to, since go.mod asks for it.
rm go.work
use_toolchain 1.25.5 # which is there now
use_toolchain 1.24.11
printf 'toolchain go1.25.5\n' >>go.mod
GOTOOLCHAIN=auto expect_agreement build -C sum ./...
grep -q 'GOVERSION *go1.25.5$' "$t/within" || fail "no switch in: $(cat "$t/within")"
GOTOOLCHAIN=local expect_agreement build ./sum
grep -q 'GOVERSION *go1.24.11$' "$t/within" || fail "a switch in: $(cat "$t/within")"
