#!/usr/bin/env bash
. "$(dirname "$0")/error_rate.inc"
builds 200
