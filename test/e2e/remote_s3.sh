#!/usr/bin/env bash
# A bucket on a real S3 server: a fresh machine builds nothing that another has built; clear-remote removes what
# is ours and nothing else; doctor finds all in order.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/minio.inc"
. "$(dirname "$0")/../support/remote.inc"
start_minio bucket
remote="s3://bucket/ci?endpoint=$s3"
expect_shared

# The older programs' names for the same bucket, under a prefix of its own.
on_machine d
cd "$t/module"
BACKEND_TYPE=s3 S3_BUCKET=bucket S3_PREFIX=old AWS_ENDPOINT_URL=$s3 GOCACHEPROG=$(prog --flush=wait) go build ./sum
[[ -n $(find "$t/minio/bucket/old/v1/e" -mindepth 1 -print -quit) ]] || fail "nothing under the old names' prefix"

expect_code 0 "$GOPOUCH" doctor --remote "$remote" >"$t/doctor"
for word in 'environment' 'a round trip' '/s'; do
  grep -q "$word" "$t/doctor" || fail "doctor does not say '$word': $(cat "$t/doctor")"
done
! grep -q hunter2 "$t/doctor" || fail "doctor tells a secret"
expect_code 0 "$GOPOUCH" doctor --json --remote "$remote" >"$t/doctor.json"
python3 -c 'import json, sys; assert all(c["verdict"] == "ok" for c in json.load(open(sys.argv[1]))["checks"])' "$t/doctor.json"
expect_code 1 "$GOPOUCH" doctor --remote "s3://no-such-bucket/x?endpoint=$s3" >"$t/doctor"
grep -q NoSuchBucket "$t/doctor" || fail "doctor does not name the fault: $(cat "$t/doctor")"

# clear-remote: only ours, only under the prefix, and never a whole bucket by accident.
aws_put() { # KEY
  AWS_ENDPOINT_URL=$s3 "$test_python" - "$1" <<'END'
import sys
import boto3
boto3.client("s3").put_object(Bucket="bucket", Key=sys.argv[1], Body=b"precious")
END
}
others=(ci/v1/precious.txt ci/precious.txt precious.txt)
for key in "${others[@]}"; do aws_put "$key"; done
expect_code 2 "$GOPOUCH" clear-remote --remote "s3://bucket?endpoint=$s3" 2>"$t/err"
grep -q -- --force-whole-bucket "$t/err" || fail "no word of --force-whole-bucket: $(cat "$t/err")"
expect_eq "words of clear-remote" 'Remote cache cleared successfully' \
  "$("$GOPOUCH" clear-remote --remote "$remote" 2>"$t/err")"
expect_empty "stderr of clear-remote" "$t/err"
[[ -z $(find "$t/minio/bucket/ci/v1/e" -mindepth 1 -print -quit 2>/dev/null) ]] || fail "entries are left"
[[ -n $(find "$t/minio/bucket/old/v1/e" -mindepth 1 -print -quit) ]] || fail "another prefix was cleared"
for key in "${others[@]}"; do
  [[ -e $t/minio/bucket/$key ]] || fail "$key of others is gone"
done
