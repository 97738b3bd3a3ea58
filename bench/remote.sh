#!/usr/bin/env bash
# A fresh disk and a warm bucket beside Go's own warm cache, and a cold build with uploads beside one without:
# bench/remote.sh PROGRAM
#
#   N=9             pairs
#   COLD=9          pairs of cold builds; 0 leaves them out
#   LATENCIES=…     ms that each answer takes more, by Toxiproxy: "0 5 20 50"
#   MODULES=…       what to build, each PATH@VERSION
#   WORDS=…         what go is asked to do: "build ./..."
#   EDIT=FILE       a line is added to this file of the module before each run: both sides build what depends on it
#
# The bucket is on a MinIO on loopback, behind Toxiproxy; tools/test-servers.sh builds both. The cold builds are
# measured twice: with a folder as the remote, where all that is added is ours, and with MinIO, which then takes its
# share of the same cores, at the lowest priority.
#
# Old caches are moved aside, not removed: ext4 looks through the inodes that it freed within the last five seconds
# whenever it makes a file. So nothing else should remove files meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/module.inc
. tools/module.inc
program=$(realpath "${1:?usage: bench/remote.sh PROGRAM}")
n=${N:-9} cold=${COLD:-9}
read -ra latencies <<<"${LATENCIES:-0 5 20 50}"
read -ra modules <<<"${MODULES:-github.com/junegunn/fzf@v0.65.2}"
read -ra asked <<<"${WORDS:-build ./...}"
need_go
unset "${!GOPOUCH_@}" "${!AWS_@}"
tools/test-servers.sh
bin=${GOPOUCH_TEST_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/gopouch-test/bin}

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
export AWS_ACCESS_KEY_ID=bench-user AWS_SECRET_ACCESS_KEY=bench-secret AWS_REGION=us-east-1
mkdir -p "$work/minio/bucket" "$work/trash"
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

# servers_at NICE: gives every thread of the servers this priority.
servers_at() {
  local server
  for server in $(jobs -p); do (cd "/proc/$server/task" && renice -n "$1" -p [0-9]* >/dev/null); done
}

mapfile -t plain < <(plain_go)
# side FOLDER [FLAG...]: the build with the cache in FOLDER, through the program where there are flags.
side() {
  local words=(env "${plain[@]}" GOCACHE="$1" XDG_CONFIG_HOME="$work/config")
  shift
  [[ $# -eq 0 ]] || words+=(GOCACHEPROG="'$program' $*")
  words+=(go "${asked[@]}")
  printf '%q ' "${words[@]}"
}
flags="--flush=wait --remote 's3://bucket/bench?endpoint=http://$proxy'"

cat >"$work/before" <<BEFORE
trash=\$(mktemp -d '$work/trash/XXXXXX')
for one in fresh cold folder minio/bucket/cold; do
  [ ! -e "$work/\$one" ] || mv "$work/\$one" "\$trash/"
done
[ -z '${EDIT:-}' ] || echo "var _ = \$(date +%s%N)" >>'$work/source/${EDIT:-}'
BEFORE

pairs() { bench/pairs.py --cwd "$work/source" --before "sh $work/before" "$@"; }

for module in "${modules[@]}"; do
  servers_at 0
  rm -rf "$work"/{source,own,fresh,trash/*}
  fetch_module "$module" "$work/source"
  (
    cd "$work/source"
    eval "$(side "$work/own")"
    eval "$(side "$work/fresh" "$flags")"
  )
  for latency in "${latencies[@]}"; do
    toxi toxic remove -n wait s3 2>/dev/null || true
    [[ $latency -eq 0 ]] || toxi toxic add -n wait -t latency -a "latency=$latency" s3
    printf '\n%s, go %s, fresh disk and warm bucket, %s ms\n' "$module" "${asked[*]}" "$latency"
    pairs -n "$n" "go's cache" "$(side "$work/own")" gopouch "$(side "$work/fresh" "$flags")"
  done
  toxi toxic remove -n wait s3 2>/dev/null || true
  [[ $cold -gt 0 ]] || continue
  servers_at 19
  for remote in "file://$work/folder" "s3://bucket/cold?endpoint=http://$proxy"; do
    printf '\n%s, cold, with uploads to %s beside without\n' "$module" "${remote%%:*}"
    pairs -n "$cold" "no remote" "$(side "$work/cold" "")" \
      uploads "$(side "$work/cold" "--flush=wait --remote '$remote'")"
  done
done
