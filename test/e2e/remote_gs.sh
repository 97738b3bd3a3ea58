#!/usr/bin/env bash
# A bucket of Google Cloud Storage, on a fake-gcs-server: what remote_s3.sh says of S3.
. "$(dirname "$0")/common.inc"
. "$(dirname "$0")/../support/gcs.inc"
. "$(dirname "$0")/../support/remote.inc"
. "$(dirname "$0")/../support/bucket.inc"
start_gcs bucket
objects=$t/gcs/bucket remote=gs://bucket/ci whole=gs://bucket who=STORAGE_EMULATOR_HOST
older=(BACKEND_TYPE=gcs GCS_BUCKET=bucket GCS_PREFIX=old)

put_object() { # KEY
  python3 - "$gcs/upload/storage/v1/b/bucket/o?uploadType=media&name=$1" <<'END'
import sys
import urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1], data=b"precious"))
END
}
expect_bucket
