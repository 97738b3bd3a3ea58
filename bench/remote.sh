#!/usr/bin/env bash
# A fresh disk and a warm bucket beside Go's own warm cache, and a cold build with uploads beside one without:
# bench/remote.sh PROGRAM
#
#   N=9             pairs
#   COLD=9          pairs of cold builds; 0 leaves them out
#   LATENCIES=…     ms that each answer takes more, by Toxiproxy: "0 5 20"
#   MODULES=…       what to build, each PATH@VERSION
#
# The bucket is on a MinIO on loopback, behind Toxiproxy; tools/test-servers.sh builds both.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/module.inc
. tools/module.inc
program=$(realpath "${1:?usage: bench/remote.sh PROGRAM}")
n=${N:-9} cold=${COLD:-9}
read -ra latencies <<<"${LATENCIES:-0 5 20}"
read -ra modules <<<"${MODULES:-github.com/junegunn/fzf@v0.65.2}"
need_go
unset "${!GOPOUCH_@}" "${!AWS_@}"
tools/test-servers.sh
bin=${GOPOUCH_TEST_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/gopouch-test/bin}

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
export AWS_ACCESS_KEY_ID=bench-user AWS_SECRET_ACCESS_KEY=bench-secret AWS_REGION=us-east-1
mkdir -p "$work/minio/bucket"
minio=127.0.0.1:19321 api=127.0.0.1:19322 proxy=127.0.0.1:19323
MINIO_ROOT_USER=$AWS_ACCESS_KEY_ID MINIO_ROOT_PASSWORD=$AWS_SECRET_ACCESS_KEY MINIO_BROWSER=off MINIO_UPDATE=off \
  "$bin/minio" server --quiet --address "$minio" "$work/minio" >"$work/minio.log" 2>&1 &
"$bin/toxiproxy-server" -port "${api#*:}" >"$work/toxiproxy.log" 2>&1 &
toxi() { "$bin/toxiproxy-cli" -h "http://$api" "$@" >/dev/null; }
for _ in {1..100}; do
  toxi list 2>/dev/null && curl -fsS "http://$minio/minio/health/live" 2>/dev/null && break
  sleep 0.1
done
toxi create -l "$proxy" -u "$minio" s3

mapfile -t plain < <(plain_go)
# side FOLDER [FLAG...]: the build with the cache in FOLDER, through the program where there are flags.
side() {
  local words=(env "${plain[@]}" GOCACHE="$1" XDG_CONFIG_HOME="$work/config")
  shift
  [[ $# -eq 0 ]] || words+=(GOCACHEPROG="'$program' $*")
  words+=(go build ./...)
  printf '%q ' "${words[@]}"
}
flags="--flush=wait --remote 's3://bucket/bench?endpoint=http://$proxy'"

for module in "${modules[@]}"; do
  rm -rf "$work"/{source,own,fresh,cold-a,cold-b}
  fetch_module "$module" "$work/source"
  (
    cd "$work/source"
    eval "$(side "$work/own")"
    eval "$(side "$work/fresh" "$flags")"
  )
  for latency in "${latencies[@]}"; do
    toxi toxic remove -n wait s3 2>/dev/null || true
    [[ $latency -eq 0 ]] || toxi toxic add -n wait -t latency -a "latency=$latency" s3
    printf '\n%s, fresh disk and warm bucket, %s ms\n' "$module" "$latency"
    bench/pairs.py -n "$n" --cwd "$work/source" --before "rm -rf '$work/fresh'" \
      "go's cache" "$(side "$work/own")" gopouch "$(side "$work/fresh" "$flags")"
  done
  toxi toxic remove -n wait s3 2>/dev/null || true
  [[ $cold -gt 0 ]] || continue
  printf '\n%s, cold, with uploads beside without\n' "$module"
  bench/pairs.py -n "$cold" --cwd "$work/source" \
    --before "sh -c 'rm -rf $work/cold-a $work/cold-b $work/minio/bucket/cold'" \
    "no remote" "$(side "$work/cold-a" "")" uploads "$(side "$work/cold-b" "${flags/bench/cold}")"
done
