#!/usr/bin/env bash
# What CI asks of the sources: layers, format, shell, lint. Needs a configured build folder: tools/check.sh [FOLDER]
#
# The cheap checks come first, so that a slip shows at once.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
[[ -f $build/compile_commands.json ]] || { echo "check: no $build/compile_commands.json; run cmake --preset release" >&2; exit 1; }

python3 tools/layers.py
tools/format.sh --check

# The *.inc files are read with the scripts that source them; SC2120 would ask each script to use each argument
# of a function that it shares with others.
mapfile -t shell < <(find .ci/run bench fuzz test tools \( -name '*.sh' -o -path .ci/run \) | sort)
shellcheck --severity=warning --shell=bash --external-sources --check-sourced --exclude=SC2120 \
  --source-path=SCRIPTDIR "${shell[@]}"
echo "shellcheck: ${#shell[@]} files"

for module in bench/*/go.mod test/*/*/go.mod; do
  [[ ! -f $module ]] || (cd "$(dirname "$module")" && GOWORK=off GOFLAGS='' go vet ./...)
done

# One process for a few files at a time; xargs fails when one of them does. The count of warnings in the
# headers of others goes to stderr, and is noise.
mapfile -t sources < <(find src -name '*.cc' | sort)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! printf '%s\0' "${sources[@]}" |
  xargs -0 -n 2 -P "$(nproc)" clang-tidy-14 -p "$build" --quiet >"$log" 2>/dev/null; then
  cat "$log"
  echo "clang-tidy: found faults" >&2
  exit 1
fi
echo "clang-tidy: ${#sources[@]} files"
