#!/usr/bin/env bash
# gopouch prefetch fills a fresh machine, gopouch scope says what there is, gopouch prune remote takes what nobody names.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
mkdir "$t/shared"
remote=file://$t/shared/team
new_module "$t/module"
cd "$t/module"
on_machine a
with_remote go build ./...

"$GOPOUCH" scope --remote "$remote" build ./... >"$t/scope"
[[ $(grep -c 'actions, .* in 1 packs' "$t/scope") -eq 2 ]] || fail "no word of what the remote holds: $(cat "$t/scope")"
"$GOPOUCH" scope --remote "$remote" vet ./... >"$t/scope"
grep -q '^exact .* nothing in the remote' "$t/scope" || fail "vet is known: $(cat "$t/scope")"

on_machine b
"$GOPOUCH" prefetch --remote "$remote" build ./... >"$t/said"
grep -Eq '^([0-9,]+) of \1 outputs are here, .*B fetched$' "$t/said" || fail "wrong words: $(cat "$t/said")"
with_remote go build ./...
said '(0 remote, '
said ', 1 misses'
"$GOPOUCH" prefetch --remote "$remote" build ./... >"$t/said"
grep -q ' 0 B fetched' "$t/said" || fail "fetched again: $(cat "$t/said")"
on_machine c
"$GOPOUCH" prefetch --remote "$remote" >"$t/said" || fail "not by the module's name: $(cat "$t/said")"
expect_code 1 "$GOPOUCH" prefetch --remote "$remote" --scope nobody 2>"$t/err"
expect_code 2 "$GOPOUCH" prefetch 2>"$t/err"
grep -q -- --remote "$t/err" || fail "no word of --remote: $(cat "$t/err")"

# Another checkout has other times, and so other indexes, that nobody else will ask for.
find . -type f -exec touch -d '1 hour ago' {} +
on_machine d
with_remote go build ./...
said ' 0 B up'
! grep -q ', 1 misses' "$t/said" || fail "go has asked for no index: $(cat "$t/said")"

rm -r "$t/shared/team/v1/m"
"$GOPOUCH" prune remote --remote "$remote" >"$t/said"
grep -q '^Removed 0 entries (0 B), 0 packs' "$t/said" || fail "too young to go: $(cat "$t/said")"
find "$t/shared" -type f -exec touch -d '2 days ago' {} +
"$GOPOUCH" prune --remote "$remote" --dry-run >"$t/said"
grep -q '^Would remove 0 entries (0 B), 1 packs' "$t/said" || fail "wrong words: $(cat "$t/said")"
[[ -n $(ls "$t/shared/team/v1/p") ]] || fail "a dry run has removed a pack"
"$GOPOUCH" prune --remote "$remote" --max-age 1d >"$t/said"
[[ -z $(find "$t/shared" -type f) ]] || fail "left: $(find "$t/shared" -type f)"
expect_code 2 "$GOPOUCH" prune remote 2>"$t/err"
expect_code 2 "$GOPOUCH" prune elsewhere --remote "$remote" 2>"$t/err"
