"""Reads a page of metrics from stdin as Prometheus' own client does, and prints what it found as JSON. For the Python
that has prometheus_client (tools/test-servers.sh)."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

json.dump([{"name": family.name, "type": family.type, "help": family.documentation,
            "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples]}
           for family in text_string_to_metric_families(sys.stdin.read())], sys.stdout)
