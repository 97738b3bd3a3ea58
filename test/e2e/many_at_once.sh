#!/usr/bin/env bash
# Sixteen go commands at once, each with a program of its own.
. "$(dirname "$0")/many_at_once.inc"
warm_cache "$GOCACHE"
many_at_once "$(prog --cache-limit 50MB)"
