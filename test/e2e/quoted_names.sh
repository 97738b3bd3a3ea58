#!/usr/bin/env bash
# A program whose path has spaces, and cache folders whose names need care in a shell, in JSON or in go's
# own quoting.
. "$(dirname "$0")/common.inc"
warm_cache "$t/warm"
new_module "$t/module"
cd "$t/module"
mkdir "$t/a folder"
cp "$GOPOUCH" "$t/a folder/go pouch"

GOCACHE=$t/warm GOCACHEPROG="'$t/a folder/go pouch'" go build -o "$t/out" .
expect_works "$t/out"

for folder in "a space" '"double" quotes' "'single' quotes" 'back\slash' 'schön-дом-家' $'tab\tand\nnewline'; do
  cp -rp "$t/warm" "$t/$folder"
  GOCACHE=$t/$folder through go build -v -o "$t/out" . 2>"$t/err"
  expect_works "$t/out"
  GOCACHE=$t/$folder through go build -v -o "$t/out" . 2>"$t/err"
  expect_empty "second build with $folder" "$t/err"
done

# The folder as a flag of ours, within go's quotes.
GOCACHEPROG="'$GOPOUCH' '--cache-dir=$t/by flag \"x\"'" go list ./... >"$t/list" 2>"$t/err"
expect_empty "stderr with --cache-dir" "$t/err"
[[ -n $(find "$t/by flag \"x\"" -name '*-a') ]] || fail "nothing in the folder that --cache-dir names"
