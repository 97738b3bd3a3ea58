#!/usr/bin/env bash
# A bucket on a real S3 server: a fresh machine builds nothing that another has built; clear-remote removes what
# is ours and nothing else; doctor finds all in order.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/minio.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/bucket.inc"
start_minio bucket
objects=$t/minio/bucket remote="s3://bucket/ci?endpoint=$s3" whole="s3://bucket?endpoint=$s3" who=environment
older=(BACKEND_TYPE=s3 S3_BUCKET=bucket S3_PREFIX=old "AWS_ENDPOINT_URL=$s3")

put_object() { # KEY
  AWS_ENDPOINT_URL=$s3 "$test_python" - "$1" <<'END'
import sys
import boto3
boto3.client("s3").put_object(Bucket="bucket", Key=sys.argv[1], Body=b"precious")
END
}
expect_bucket

expect_code 1 "$GOPOUCH" doctor --remote "s3://no-such-bucket/x?endpoint=$s3" >"$t/doctor"
grep -q NoSuchBucket "$t/doctor" || fail "doctor does not name the fault: $(cat "$t/doctor")"
