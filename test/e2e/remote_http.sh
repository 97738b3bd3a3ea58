#!/usr/bin/env bash
# A WebDAV folder on a real nginx: with a password, over TLS with certificates on both sides, with a token; for
# servers of Bazel's cache; a fresh machine builds nothing that another has built, and no secret is shown.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/nginx.inc"
. "$(dirname "$0")/../support/remote.inc"

# expect_secret FILE...: none of them tells the password or the token.
expect_secret() {
  ! grep -l hunter2 "$@" || fail "a secret is told"
}

start_nginx basic
remote=${http/:\/\//:\/\/team:hunter2@}/ci
expect_shared
expect_secret "$t/said"
strangers=$(find "$t/nginx/data" -type f ! -path '*/ci/v1/[emp]/*')
[[ -z $strangers ]] || fail "strangers: $strangers"
! grep -qv '^\(GET\|PUT\) \(20[0146]\|404\) ' "$t/nginx/access.log" || fail "odd answers: $(cat "$t/nginx/access.log")"

expect_code 0 "$GOPOUCH" doctor --remote "$remote" >"$t/doctor"
grep -q 'from the URL' "$t/doctor" || fail "doctor does not say who we are: $(cat "$t/doctor")"
"$GOPOUCH" config --remote "$remote" >"$t/settings"
expect_secret "$t/doctor" "$t/settings"
expect_code 1 "$GOPOUCH" doctor --remote "${remote/hunter2/wrong}" >"$t/doctor"
grep -q 401 "$t/doctor" || fail "doctor does not name the fault: $(cat "$t/doctor")"

mkdir -p "$t/nginx/data/other/v1/e"
echo precious | tee "$t/nginx/data/ci/v1/e/precious.txt" "$t/nginx/data/other/v1/e/precious.txt" >"$t/nginx/data/ci/p"
"$GOPOUCH" prune remote --remote "$remote" --max-age 1h >"$t/said"
grep -q '^Removed 0 entries .* kept [1-9]' "$t/said" || fail "wrong words: $(cat "$t/said")"
expect_eq "words of clear-remote" 'Remote cache cleared successfully' "$("$GOPOUCH" clear-remote --remote "$remote")"
expect_eq "files that are left" 3 "$(find "$t/nginx/data" -type f | wc -l)"
kill "$nginx"

# Over TLS, with certificates on both sides and a token from a file, which is renewed in between.
make_authority
start_nginx "if (\$http_authorization !~ '^Bearer hunter2-[12]\$') { return 401; }"
remote=$http/tls
echo hunter2-1 >"$t/token"
flags=(--ca-file "$t/pki/ca.pem" --client-certificate "$t/pki/client.pem" --client-key "$t/pki/client.key"
  --bearer-token-file "$t/token")
cd "$t/module"
on_machine d
with_remote go build ./...
said '(0 remote, '
echo hunter2-2 >"$t/token"
on_machine e
with_remote go build ./...
said ', 1 misses'
expect_secret "$t/said"

# A server of Bazel's cache: no folders, no listing, no ranges.
kill "$nginx"
rm -r "$t/pki"
start_nginx "if (\$request_uri !~ '^/team/(ac|cas)/[0-9a-f]{64}\$') { return 400; } max_ranges 0;" \
  "if (\$request_method !~ '^(GET|HEAD|PUT)\$') { return 405; }"
remote="$http/team?layout=bazel"
flags=()
on_machine f
with_remote go build ./...
on_machine g
with_remote go build ./...
said ', 1 misses'
expect_code 1 "$GOPOUCH" clear-remote --remote "$remote" 2>"$t/err"
expect_eq "lines of clear-remote" 1 "$(wc -l <"$t/err")"
grep -q 'lists nothing' "$t/err" || fail "wrong words: $(cat "$t/err")"
expect_code 1 "$GOPOUCH" prune remote --remote "$remote" 2>"$t/err"
grep -q 'lists nothing' "$t/err" || fail "wrong words: $(cat "$t/err")"
grep ' /team/' "$t/nginx/access.log" | grep -v '^\(GET\|PUT\|HEAD\) \(20[014]\|404\) ' >"$t/odd" || true
expect_empty "odd answers" "$t/odd"
