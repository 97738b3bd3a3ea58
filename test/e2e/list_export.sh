#!/usr/bin/env bash
# The files that `go list -export` names are there after go has ended: gopls, golangci-lint and other users
# of go/packages read them then.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"
new_module "$t/module"
cd "$t/module"
# shellcheck disable=SC2016 # a template of go's
through go list -export -deps -f '{{with .Export}}{{.}}{{end}}' ./... >"$t/exports" 2>"$t/err"
expect_empty "stderr" "$t/err"
[[ $(wc -l <"$t/exports") -gt 20 ]] || fail "few exports: $(cat "$t/exports")"
while read -r file; do
  [[ -s $file ]] || fail "$file is not there"
  [[ ${file##*/} != *.* ]] || fail "$file has an extension"
done <"$t/exports"
