#!/usr/bin/env bash
# A server of ours as the remote: over TLS, with a token; a fresh machine builds nothing that another has built, writes
# nothing where it may only read, and no secret is shown.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/nginx.inc"
. "$(dirname "$0")/../support/served.inc"
. "$(dirname "$0")/../support/remote.inc"

make_authority
printf 'writer-hunter2-0123 write\nreader-hunter2-0123 read\n' >"$t/tokens"
chmod 600 "$t/tokens"
start_served --http-tokens "$t/tokens" --http-certificate "$t/pki/server.pem" --http-key "$t/pki/server.key"

remote=https://$http/cache/ci objects=$t/served/objects
export GOPOUCH_CA_FILE=$t/pki/ca.pem
export GOPOUCH_BEARER_TOKEN=writer-hunter2-0123
expect_shared
expect_code 0 "$GOPOUCH" doctor --remote "$remote" >"$t/doctor"
expect_read_only
before=$(find "$objects" -type f | wc -l)
export GOPOUCH_BEARER_TOKEN=reader-hunter2-0123
on_machine with-a-readers-token
with_remote go build ./...
said ' 0 B up'
expect_eq "objects" "$before" "$(find "$objects" -type f | wc -l)"
export GOPOUCH_BEARER_TOKEN=writer-hunter2-0123
expect_eq "words of clear-remote" 'Remote cache cleared successfully' "$("$GOPOUCH" clear-remote --remote "$remote")"
expect_eq "objects that are left" 0 "$(find "$objects" -type f | wc -l)"
kill "$server"
wait "$server" || fail "the server ended with $?"
! grep -l hunter2 "$t/serve.err" "$t/access" "$t/said" "$t/doctor" || fail "a secret is told"
