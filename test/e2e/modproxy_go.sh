#!/usr/bin/env bash
# Real go commands through the module proxy: download, verify and build, then all of it again without an upstream.
. "$(dirname "$0")/common.inc"
warm_cache "$GOCACHE"

# A module and one that it needs, as a folder of files, which go itself makes for us.
upstream=$t/upstream
publish() { # MODULE VERSION FOLDER
  local to=$upstream/$1/@v
  mkdir -p "$to"
  cp "$3/go.mod" "$to/$2.mod"
  echo "{\"Version\":\"$2\",\"Time\":\"2024-05-06T07:08:09Z\"}" >"$to/$2.info"
  echo "$2" >>"$to/list"
  python3 - "$1@$2" "$3" "$to/$2.zip" <<'END'
import pathlib, sys, zipfile
prefix, folder, target = sys.argv[1:]
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
    for file in sorted(pathlib.Path(folder).rglob("*")):
        if file.is_file():
            archive.write(file, f"{prefix}/{file.relative_to(folder)}")
END
}
mkdir "$t/leaf" "$t/branch"
printf 'module example.com/leaf\n\ngo 1.21\n' >"$t/leaf/go.mod"
printf 'package leaf\n\nfunc Word() string { return "leaf" }\n' >"$t/leaf/leaf.go"
publish example.com/leaf v1.0.0 "$t/leaf"
publish example.com/leaf v1.1.0 "$t/leaf"
printf 'module example.com/branch\n\ngo 1.21\n\nrequire example.com/leaf v1.0.0\n' >"$t/branch/go.mod"
printf 'package branch\n\nimport "example.com/leaf"\n\nfunc Word() string { return "branch " + leaf.Word() }\n' \
  >"$t/branch/branch.go"
publish example.com/branch v0.1.0 "$t/branch"

mkdir "$t/main"
cd "$t/main"
printf 'module example.com/main\n\ngo 1.21\n' >go.mod
printf 'package main\n\nimport "example.com/branch"\n\nfunc main() { println(branch.Word()) }\n' >main.go

serve() {
  : >"$t/serve.log" # without the words of the last one
  "$GOPOUCH" serve --http 127.0.0.1:0 --modproxy "$@" 2>"$t/serve.log" &
  server=$!
  wait_for 20 grep -q 'http at' "$t/serve.log"
  export GOPROXY
  GOPROXY=http://$(sed -n 's/.*http at //p' "$t/serve.log")/mod
}
export GONOSUMDB='*' GOFLAGS='-mod=mod -modcacherw' GOMODCACHE=$t/modules
serve --modproxy-upstream "file://$upstream"
go get example.com/branch@latest 2>"$t/err" || fail "go get: $(cat "$t/err")"
grep -q 'example.com/leaf v1.0.0' go.mod || fail "go.mod: $(cat go.mod)"
expect_eq "versions" "example.com/leaf v1.0.0 v1.1.0" "$(go list -m -versions example.com/leaf)"
go mod download all
expect_eq "go mod verify" "all modules verified" "$(go mod verify)"
for file in example.com/leaf/@v/v1.0.0 example.com/branch/@v/v0.1.0; do
  for ending in mod zip; do
    [[ ! -e $GOMODCACHE/cache/download/$file.$ending ]] ||
      expect_same "$upstream/$file.$ending" "$GOMODCACHE/cache/download/$file.$ending"
  done
done
expect_code 1 go get example.com/none@latest 2>"$t/err"
grep -q 'not found' "$t/err" || fail "what go says of a module that is not there: $(cat "$t/err")"
kill -TERM "$server"
expect_code 0 wait "$server"

# Upstream is gone, and so is what go had.
rm -rf "$upstream" "$GOMODCACHE"
serve --offline
go mod download all
expect_eq "go mod verify" "all modules verified" "$(go mod verify)"
expect_eq "versions" "example.com/leaf v1.0.0 v1.1.0" "$(go list -m -versions example.com/leaf)"
go vet ./...
kill -TERM "$server"
expect_code 0 wait "$server"
