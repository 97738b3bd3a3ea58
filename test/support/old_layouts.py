"""The remote formats of gobuildcache, gocache-s3, go-cache-plugin and gocacheprog, by their own rules.

    old_layouts.py write LAYOUT PREFIX FOLDER    what is in a Go build cache, as that program would have put it
    old_layouts.py check LAYOUT PREFIX FOLDER    that the program would find there just what is in the cache

A PREFIX ends with its "/". Speaks to the S3 bucket "bucket" (boto3, AWS_ENDPOINT_URL) or to the Redis on
REDIS_PORT; knows nothing of gopouch. LZ4 frames are made and read by the lz4 command.
"""

import base64
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cache_folder

BUCKET = "bucket"


class S3:
    def __init__(self):
        import boto3

        self.client = boto3.client("s3")

    def put(self, key, body, metadata=None):
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=metadata or {})

    def get(self, key):
        reply = self.client.get_object(Bucket=BUCKET, Key=key)
        return reply["Body"].read(), reply["Metadata"]

    def keys(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


class Redis:
    def run(self, *words, body=None):
        command = ["redis-cli", "-p", os.environ["REDIS_PORT"], *words]
        if body is not None:
            command[1:1] = ["-x"]
        return subprocess.run(command, input=body, capture_output=True, check=True).stdout

    def put(self, key, body, _metadata=None):
        assert self.run("SET", key, body=body).strip() == b"OK"
        self.run("EXPIRE", key, str(7 * 24 * 3600))

    def get(self, key):
        left = int(self.run("TTL", key))
        assert 6 * 24 * 3600 < left <= 7 * 24 * 3600, f"{key} lives {left} s"
        return self.run("GET", key)[:-1], {}  # redis-cli ends it with a newline

    def keys(self, prefix):
        return self.run("--scan", "--pattern", prefix + "*").decode().split()


def lz4(body, *how):
    return subprocess.run(["lz4", *how, "-c"], input=body, capture_output=True, check=True).stdout


def entries(folder):
    """(action, output, body, unix ns) of every whole entry in a Go build cache."""
    for path in sorted(Path(folder).glob("*/*-a")):
        action, output, _, when = cache_folder.read_entry(path)
        body = cache_folder.output_path(Path(folder), output)
        if body.is_file():
            yield action.hex(), output.hex(), body.read_bytes(), when


def near(told, when):
    """The same time, or that of another put of the same by the same session: what stays where is not said."""
    return abs(when - told) < 300 * 10**9


def time_of(text):
    """Nanoseconds, of Go's RFC3339Nano."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", text)
    assert match, text
    seconds = datetime.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")).timestamp()
    return int(seconds) * 10**9 + int((match[2] or "").ljust(9, "0"))


class Gobuildcache:
    def objects(self, action, output, body, when):
        stored = lz4(body, "-BI") if body else body
        metadata = {"outputid": output, "size": str(len(stored)), "time": str(when // 10**9)}
        return [(f"v2{action}".encode().hex(), stored, metadata)]

    def read(self, store, prefix, action, when):
        body, metadata = store.get(prefix + f"v2{action}".encode().hex())
        assert set(metadata) == {"outputid", "size", "time"}, metadata
        assert int(metadata["size"]) == len(body), metadata
        assert near(int(metadata["time"]) * 10**9, when // 10**9 * 10**9), f"{metadata}, not {when}"
        return metadata["outputid"], lz4(body, "-d") if body else body


class GocacheS3:
    def objects(self, action, output, body, when):
        zone = datetime.timezone(datetime.timedelta(hours=2))
        stamp = datetime.datetime.fromtimestamp(when // 10**9, zone).strftime("%Y-%m-%dT%H:%M:%S")
        return [(action, body, {"outputid": output, "time": f"{stamp}.{when % 10**9:09}+02:00"})]

    def read(self, store, prefix, action, when):
        body, metadata = store.get(prefix + action)
        assert set(metadata) == {"outputid", "time"} and near(time_of(metadata["time"]), when), metadata
        return metadata["outputid"], body


class GoCachePlugin:
    def objects(self, action, output, body, when):
        return [
            (f"output/{output[:2]}/{output}", body, None),
            (f"action/{action[:2]}/{action}", f"{output} {when}".encode(), None),
        ]

    def read(self, store, prefix, action, when):
        line, _ = store.get(f"{prefix}action/{action[:2]}/{action}")
        output, time = line.decode().split(" ")
        assert near(int(time), when), time
        return output, store.get(f"{prefix}output/{output[:2]}/{output}")[0]


class Gocacheprog:
    def objects(self, action, output, body, _when):
        known = {"OutputID": base64.b64encode(bytes.fromhex(output)).decode(), "Size": len(body)}
        return [(f"{action}-o", body, None), (f"{action}-i", json.dumps(known, separators=(",", ":")).encode(), None)]

    def read(self, store, prefix, action, _when):
        body, known = store.get(f"{prefix}{action}-o")[0], json.loads(store.get(f"{prefix}{action}-i")[0])
        assert set(known) == {"OutputID", "Size"} and known["Size"] == len(body), known
        return base64.b64decode(known["OutputID"]).hex(), body


LAYOUTS = {
    "gobuildcache": Gobuildcache(),
    "gocache-s3": GocacheS3(),
    "go-cache-plugin": GoCachePlugin(),
    "gocacheprog": Gocacheprog(),
}


def main(what, name, prefix, folder):
    layout = LAYOUTS[name]
    store = Redis() if name == "gocacheprog" else S3()
    there = list(entries(folder))
    wanted = {prefix + key for entry in there for key, *_ in layout.objects(*entry)}
    if what == "write":
        for entry in there:
            for key, body, metadata in layout.objects(*entry):
                store.put(prefix + key, body, metadata)
    else:
        found = set(store.keys(prefix))
        assert found == wanted, f"more: {sorted(found - wanted)[:3]}, less: {sorted(wanted - found)[:3]}"
        for action, output, body, when in there:
            told, bytes_there = layout.read(store, prefix, action, when)
            assert told == output == hashlib.sha256(bytes_there).hexdigest() and bytes_there == body, action
    print(len(there))


if __name__ == "__main__":
    main(*sys.argv[1:])
