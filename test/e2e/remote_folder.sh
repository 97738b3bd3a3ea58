#!/usr/bin/env bash
# A folder that machines share, file://…: a fresh machine builds nothing that another has built.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/remote.inc"
mkdir "$t/shared"
remote=file://$t/shared/team
expect_shared
strangers=$(find "$t/shared" -type f ! -path '*/v1/[emp]/*')
[[ -z $strangers ]] || fail "strangers: $strangers"
