#!/usr/bin/env bash
# A bucket that lies, on a real S3 server: what lies.inc says of it.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/minio.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/lies.inc"
start_minio bucket
export AWS_ENDPOINT_URL=$s3
at() { echo "s3://bucket/$1?endpoint=$s3"; }
expect_no_lies s3://bucket
