#!/usr/bin/env bash
# Formats every C++ and Go source: tools/format.sh -i, or only says what is not formatted: tools/format.sh --check
#
# clang-format 14 by name: another version lays out the same code differently.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t cpp < <(find src test fuzz bench -name '*.cc' -o -name '*.h')
mapfile -t go < <(find bench test -name '*.go')
case ${1:-} in
  -i)
    clang-format-14 -i "${cpp[@]}"
    gofmt -w "${go[@]}"
    ;;
  --check)
    mapfile -t unformatted < <(
      gofmt -l "${go[@]}"
      for file in "${cpp[@]}"; do
        clang-format-14 --dry-run -Werror "$file" 2>/dev/null || echo "$file"
      done
    )
    if [[ ${#unformatted[@]} -gt 0 ]]; then
      printf 'not formatted: %s\n' "${unformatted[@]}" >&2
      echo "format: ${#unformatted[@]} files; make format lays them out" >&2
      exit 1
    fi
    echo "format: ${#cpp[@]} C++ and ${#go[@]} Go files"
    ;;
  *)
    echo "usage: tools/format.sh -i | --check" >&2
    exit 2
    ;;
esac
