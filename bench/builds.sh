#!/usr/bin/env bash
# `go build ./...` of real modules with gopouch beside Go's own cache: bench/builds.sh PROGRAM
#
#   N=9         pairs of builds that hit throughout
#   COLD=3      pairs of builds from an empty cache; 0 leaves them out
#   MODULES=…   what to build, each PATH@VERSION
#
# Each side has a cache folder of its own, filled by one build of its own, so that both hold the same. On a hit
# nothing is compiled; but go links each main package of ./... again, on both sides: it gives programs to no cache.
# bench/pairs.py says what is measured and how.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/module.inc
. tools/module.inc
program=$(realpath "${1:?usage: bench/builds.sh PROGRAM}")
n=${N:-9} cold=${COLD:-3}
read -ra modules <<<"${MODULES:-github.com/junegunn/fzf@v0.65.2 github.com/caddyserver/caddy/v2@v2.11.9}"
need_go
unset "${!GOPOUCH_@}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t plain < <(plain_go)

# side FOLDER [PROGRAM]: the command that builds with the cache in FOLDER, quoted for pairs.py.
side() {
  local words=(env "${plain[@]}" GOCACHE="$1" XDG_CONFIG_HOME="$work/config")
  [[ $# -eq 1 ]] || words+=(GOCACHEPROG="'$2'")
  words+=(go build ./...)
  printf '%q ' "${words[@]}"
}

go_warm=$(side "$work/go")
our_warm=$(side "$work/gopouch" "$program")
go_cold=$(side "$work/go-cold")
our_cold=$(side "$work/gopouch-cold" "$program")
for module in "${modules[@]}"; do
  rm -rf "$work/source" "$work/go" "$work/gopouch"
  fetch_module "$module" "$work/source"
  (cd "$work/source" && eval "$go_warm" && eval "$our_warm")
  printf '\n%s, all hits\n' "$module"
  bench/pairs.py -n "$n" --cwd "$work/source" "go's cache" "$go_warm" gopouch "$our_warm"
  [[ $cold -gt 0 ]] || continue
  printf '\n%s, from an empty cache\n' "$module"
  bench/pairs.py -n "$cold" --cwd "$work/source" --before "rm -rf '$work/go-cold' '$work/gopouch-cold'" \
    "go's cache" "$go_cold" gopouch "$our_cold"
done
