#!/usr/bin/env bash
# All short tests of the go command with a remote set: a MinIO on loopback.
# By the path of env, for one of them runs go without a PATH.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/minio.inc"
start_minio bucket
SUITE_GOCACHEPROG="$(command -v env) AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY \
$(prog --remote "s3://bucket/suite?endpoint=$s3")" \
  "$(dirname "$0")/../support/conformance.sh" '' "$(dirname "$0")/conformance_failures.txt" -test.short
