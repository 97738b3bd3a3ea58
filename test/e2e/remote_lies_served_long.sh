#!/usr/bin/env bash
# A server of ours whose folder somebody has got at: what lies.inc says of it.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/served.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/lies.inc"
start_served
at() { echo "http://$http/cache/$1"; }
expect_no_lies "$t/served/objects"
