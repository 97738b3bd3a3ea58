#!/usr/bin/env bash
# A WebDAV folder that lies, on a real nginx: what lies.inc says of it.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/nginx.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/lies.inc"
start_nginx
at() { echo "$http/$1"; }
expect_no_lies "$t/nginx/data"
