#!/usr/bin/env bash
# Installs the Debian packages that a task needs: tools/install-deps.sh GROUP...
#
# Groups: build, demo, test, check, bench. It asks dpkg first: where all is there it does nothing, and needs
# neither network nor root. Elsewhere than on Debian and its kin it names the packages and leaves them to you.
# docs/dependencies.md says what each package is for.
set -euo pipefail

declare -A packages=(
  [build]="g++ cmake ninja-build libssl-dev libfmt-dev libtomlplusplus-dev libgtest-dev libcurl4-openssl-dev libzstd-dev liblz4-dev libpugixml-dev libhiredis-dev nlohmann-json3-dev libboost1.81-dev python3"
  [demo]="ca-certificates"
  [test]="ca-certificates lz4 openssl python3-venv redis-server nginx-light libnginx-mod-http-dav-ext"
  [check]="clang clang-format-14 clang-tidy-14 libclang-rt-14-dev shellcheck"
  [bench]="ca-certificates"
)

wanted=()
for group in "$@"; do
  [[ -n ${packages[$group]:-} ]] || { echo "install-deps: no group '$group'; there are: ${!packages[*]}" >&2; exit 2; }
  read -ra names <<<"${packages[$group]}"
  wanted+=("${names[@]}")
done

if ! command -v apt-get >/dev/null; then
  echo "install-deps: no apt-get here; if the build lacks something, it is one of: ${wanted[*]}" >&2
  exit 0
fi

missing=()
for name in "${wanted[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "install-deps: missing packages, and neither root nor sudo to install them: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "install-deps: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A list that cannot be renewed is no fault yet: the install says whether it did harm.
"${as_root[@]}" apt-get update -qq >"$log" 2>&1 || true
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
  tail -n 20 "$log" >&2
  echo "install-deps: apt-get could not install ${missing[*]}" >&2
  exit 1
fi
