#!/usr/bin/env bash
# Builds the fuzzers and runs each from its seeds: tools/fuzz.sh SECONDS [NAME...]
#
# What a fuzzer finds new is kept in build-asan/corpus/NAME and used by the next run; an input that breaks
# something is left as build-asan/crash-*. Stops at the first fuzzer that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: tools/fuzz.sh SECONDS [NAME...]}
shift

names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then
  names=(fuzz/*_fuzz.cc)
  names=("${names[@]#fuzz/}")
  names=("${names[@]%_fuzz.cc}")
fi
cmake --preset asan
cmake --build --preset asan -j "$(nproc)" --target "${names[@]/%/_fuzz}"

for name in "${names[@]}"; do
  echo "fuzz: $name for $seconds s"
  mkdir -p "build-asan/corpus/$name"
  log=build-asan/$name.log
  if ! "build-asan/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix=build-asan/ -print_final_stats=1 "build-asan/corpus/$name" "fuzz/seeds/$name" >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "fuzz: $name failed; log in $log" >&2
    exit 1
  fi
  grep -E 'number_of_executed_units' "$log"
done
