#!/usr/bin/env bash
# --read-only and ?mode=ro: gets come from the remote, puts are answered from the local store, nothing is written.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
mkdir "$t/shared"
# shellcheck disable=SC2034 # for remote.inc
objects=$t/shared remote=file://$t/shared
expect_read_only
