#!/usr/bin/env bash
# 32 descriptors are enough for go build, as they are without us.
. "$(dirname "$0")/disk_fault.inc"
new_plain
cp -rp "$t/warm" "$GOCACHE"
echo 'func New() {}' >>sum/sum.go
ulimit -n 32
go build -o "$t/plain" .
expect_build
expect_build
