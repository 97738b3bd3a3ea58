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

# Most of the time goes to the headers that files share, so up to four files of a module are linted as one. Where that
# finds a fault, or two of them use one name for two things, each is linted alone, and what is found then counts.
groups=$build/lint
rm -rf "$groups" && mkdir "$groups"
for folder in src/*/; do
  mapfile -t sources < <(find "$folder" -name '*.cc' | sort)
  for ((i = 0; i < ${#sources[@]}; i += 4)); do
    printf '#include "%s"  // NOLINT(bugprone-suspicious-include)\n' "${sources[@]:i:4}" \
      >"$groups/$(basename "$folder")-$i.cc"
  done
done
# The count of warnings in the headers of others goes to stderr, and is noise.
lint() {
  local source faults=0
  clang-tidy-14 -p "$build" --quiet "$1" >/dev/null 2>&1 && return
  while read -r source; do
    clang-tidy-14 -p "$build" --quiet "$source" 2>/dev/null || faults=1
  done < <(cut -d '"' -f 2 "$1")
  return $faults
}
export -f lint
export build
if ! printf '%s\0' "$groups"/*.cc | xargs -0 -n 1 -P "$(nproc)" bash -c 'lint "$1"' - >"$groups/log"; then
  cat "$groups/log"
  echo "clang-tidy: found faults" >&2
  exit 1
fi
echo "clang-tidy: $(cat "$groups"/*.cc | wc -l) files"
