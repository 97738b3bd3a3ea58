#!/usr/bin/env bash
# A Cluster of six loses a master in the middle of a build: the build succeeds, and when a replica has taken over
# the Cluster does all that a remote does.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/redis.inc"
start_cluster
remote=redis://${nodes[4]},${nodes[1]}/ci
new_module "$t/lost"
cd "$t/lost"
on_machine lost
with_remote go build -o "$t/out" . &
build=$!
wait_for 60 has_names "${nodes[0]#*:}" '*' 20
kill -KILL "${processes[0]}"
wait "$build" || fail "the build failed"
expect_works "$t/out"

one_took_over() {
  redis-cli -p "${nodes[1]#*:}" cluster info | grep -q cluster_state:ok
}
wait_for 30 one_took_over
expect_eq "words of clear-remote" 'Remote cache cleared successfully' "$("$GOPOUCH" clear-remote --remote "$remote")"
for i in 1 2 3 4 5; do
  expect_eq "what is left" 0 "$(redis-cli -p "${nodes[$i]#*:}" dbsize)"
done
expect_shared
