"""/metrics as Prometheus reads it."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from cacheprog import action_id
from modproxy import MODULE, ModProxy

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PYTHON = Path(os.environ.get("GOPOUCH_TEST_BIN") or CACHE / "gopouch-test/bin") / "python/bin/python"
PARSER = Path(__file__).parent.parent / "support/parse_metrics.py"


def has_parser() -> bool:
    probe = [PYTHON, "-c", "import prometheus_client"]
    return PYTHON.exists() and subprocess.run(probe, capture_output=True, check=False).returncode == 0


@unittest.skipUnless(has_parser(), "no prometheus_client; tools/test-servers.sh installs it")
class Metrics(ModProxy):
    def families(self, serving) -> dict:
        done = subprocess.run([PYTHON, PARSER], input=self.url(serving, "/metrics"), capture_output=True, check=True)
        families = json.loads(done.stdout)
        names = [family["name"] for family in families]
        self.assertEqual(len(names), len(set(names)), names)
        return {family["name"]: family for family in families}

    def test_are_read(self):
        strange = f"file://{self.home}/a\"b\\c"
        serving = self.serve("--http=0", "--modproxy", f"--modproxy-upstream={self.upstream.url}",
                             f"--remote={strange}", "--flush=wait")
        serving.http = serving.place("http at ")
        client = self.connect(serving)
        self.assert_miss(client.get(action_id(1)))
        self.assert_stored(client.put(action_id(1), b"body"), b"body")
        self.assert_hit(client.get(action_id(1)), b"body")
        self.check_file(serving, f"{MODULE}/@v/list")
        families = self.families(serving)
        self.assert_well_ended(client, client.close())
        for name, family in families.items():
            self.assertTrue(name.startswith("gopouch_"), name)
            self.assertIn(family["type"], ("counter", "gauge"), name)
            self.assertTrue(family["help"].endswith("."), family)
            samples = [(sample, tuple(sorted(labels.items()))) for sample, labels, _ in family["samples"]]
            self.assertEqual(len(samples), len(set(samples)), name)
            for sample, _, value in family["samples"]:
                self.assertEqual(sample, name + ("_total" if family["type"] == "counter" else ""))
                self.assertGreaterEqual(value, 0)
        requests = {labels["fate"]: value for _, labels, value in families["gopouch_session_requests"]["samples"]}
        self.assertEqual(requests, {"hit": 1, "miss": 1, "put": 1})
        self.assertEqual({labels["remote"] for _, labels, _ in families["gopouch_remote_calls"]["samples"]}, {strange})

        again = self.families(serving)
        self.assertEqual(families.keys(), again.keys())
        for name, family in families.items():
            if family["type"] == "counter":
                now = {tuple(sorted(labels.items())): value for _, labels, value in again[name]["samples"]}
                for _, labels, value in family["samples"]:
                    self.assertLessEqual(value, now[tuple(sorted(labels.items()))], name)


if __name__ == "__main__":
    unittest.main()
