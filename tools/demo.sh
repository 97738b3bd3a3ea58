#!/usr/bin/env bash
# Shows the main job on a real module: tools/demo.sh PROGRAM
#
# Builds fzf three times: through the program with an empty cache, through it again with a new go command, and
# with Go's own cache alone on the same folder. Exits 1 unless the second build and the third compile nothing.
# What was compiled is what `go build -v` names: go's own word, not ours.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/module.inc
. tools/module.inc
program=$(realpath "${1:?usage: tools/demo.sh PROGRAM}")
module=github.com/junegunn/fzf version=v0.65.2
need_go
tools/install-deps.sh demo
export LC_ALL=C
unset "${!GOPOUCH_@}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch_module "$module@$version" "$work/fzf"
mapfile -t plain < <(plain_go)
compiled=0

# build TITLE [ASSIGNMENT]: one `go build -v ./...`; prints its time and what it compiled, and sets `compiled`.
build() {
  local begin end seconds
  begin=$EPOCHREALTIME
  (cd "$work/fzf" && env "${plain[@]}" GOCACHE="$work/cache" XDG_CONFIG_HOME="$work/config" "${@:2}" go build -v ./...) \
    >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  end=$EPOCHREALTIME
  seconds=$(((${end/./} - ${begin/./}) / 1000))
  compiled=$(grep -vc '^gopouch: ' "$work/log" || true)
  printf '\n%-58s %3d.%02d s, %3d packages compiled\n' "$1" $((seconds / 1000)) $((seconds % 1000 / 10)) "$compiled"
  grep '^gopouch: ' "$work/log" | sed 's/^/    /' || true
}

echo "A build of $module $version with $(go env GOVERSION), $(nproc) processors:"
build "1. GOCACHEPROG=gopouch go build ./...   (empty cache)" GOCACHEPROG="'$program' --stats"
cold=$compiled
build "2. the same again, a new go command" GOCACHEPROG="'$program' --stats"
again=$compiled
build "3. go build ./...   (Go's own cache on the same folder)"
alone=$compiled

echo
if [[ $cold -eq 0 || $again -ne 0 || $alone -ne 0 ]]; then
  echo "demo: failed: the first build must compile all, the others nothing" >&2
  exit 1
fi
echo "All $cold packages came from the cache, through gopouch and without it. A miss that stays is the link:"
echo "go gives the programs that it links to no cache."
