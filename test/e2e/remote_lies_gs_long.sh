#!/usr/bin/env bash
# A bucket of Google Cloud Storage that lies, on a fake-gcs-server: what lies.inc says of it.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/gcs.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/lies.inc"
start_gcs bucket
at() { echo "gs://bucket/$1"; }
expect_no_lies gs://bucket
