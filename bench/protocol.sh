#!/usr/bin/env bash
# Speed of the protocol without the go command: bench/protocol.sh PROGRAM [DRIVER-FLAG...]
#
# Builds bench/driver with Go's own cache and lets it talk to the program, once with the cache folder in memory
# and once on the disk of the temporary files. bench/driver/main.go says what is measured.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:?usage: bench/protocol.sh PROGRAM [DRIVER-FLAG...]}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd bench/driver && GOWORK=off GOFLAGS=-mod=mod GOCACHEPROG='' go build -o "$work/driver" .)
for folder in /dev/shm "${TMPDIR:-/tmp}"; do
  [[ -w $folder ]] || continue
  printf '\nwith the cache folder in %s (%s)\n' "$folder" "$(stat -f -c %T "$folder")"
  "$work/driver" -in "$folder" "${@:2}" -- "$program"
done
