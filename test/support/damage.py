"""Copies objects as a store that lies would have them: damage.py PLACE FROM TO HOW KIND...

PLACE is s3://BUCKET (boto3), gs://BUCKET (at STORAGE_EMULATOR_HOST), redis://127.0.0.1:PORT or a folder, which a
server on it shows as its objects. FROM and TO are prefixes; HOW is flip, cut or swap; KIND is e, p or m, whose entries, packs or manifests are changed on the
way. Prints how many were.
"""

import json
import os
import random
import socket
import sys
import urllib.request
from pathlib import Path
from urllib.parse import quote

WORDS = (b"hello from the pouch", b"HELLO FROM THE POUCH")


def flip(body: bytes) -> bytes:
    """One bit in each kilobyte, and in the first bytes that are no magic number."""
    changed = bytearray(body)
    rng = random.Random(len(body))
    for at in range(0, len(body), 1000):
        changed[min(at + rng.randrange(16, 1000), len(body) - 1)] ^= 1
    return bytes(changed)


CHANGES = {
    "flip": flip,
    "cut": lambda body: body[: len(body) // 2],
    "swap": lambda body: body.replace(*WORDS),
}


class S3:
    """Of any other store here, too: objects(prefix) gives names behind the prefix, with their bytes."""

    def __init__(self, bucket):
        import boto3

        self.s3, self.bucket = boto3.client("s3"), bucket

    def objects(self, prefix):
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{prefix}/v1/"):
            for one in page["Contents"]:
                body = self.s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read()
                yield one["Key"].removeprefix(prefix), body

    def put(self, prefix, name, body):
        self.s3.put_object(Bucket=self.bucket, Key=prefix + name, Body=body)


class Gcs:
    def __init__(self, bucket):
        self.url = "{}/{{}}storage/v1/b/{}/o".format(os.environ["STORAGE_EMULATOR_HOST"], bucket)

    def call(self, kind, rest, body=None):
        with urllib.request.urlopen(self.url.format(kind) + rest, body) as reply:
            return reply.read()

    def objects(self, prefix):
        page = ""
        while page is not None:
            answer = json.loads(self.call("", f"?prefix={quote(prefix)}/v1/&pageToken={page}"))
            for one in answer.get("items", ()):
                body = self.call("download/", f"/{quote(one['name'], safe='')}?alt=media")
                yield one["name"].removeprefix(prefix), body
            page = answer.get("nextPageToken")

    def put(self, prefix, name, body):
        self.call("upload/", f"?uploadType=media&name={quote(prefix + name, safe='')}", body)


class Folder:
    def __init__(self, path):
        self.root = Path(path)

    def objects(self, prefix):
        for path in sorted((self.root / prefix / "v1").rglob("*")):
            if path.is_file():
                yield str(path).removeprefix(str(self.root / prefix)), path.read_bytes()

    def put(self, prefix, name, body):
        path = self.root / (prefix + name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


class Redis:
    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port))
        self.file = self.link.makefile("rb")

    def run(self, *words):
        words = [word if isinstance(word, bytes) else word.encode() for word in words]
        text = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        self.link.sendall(b"*%d\r\n%s" % (len(words), text))
        return self.reply()

    def reply(self):
        kind, rest = (line := self.file.readline())[:1], line[1:].strip()
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2]
        if kind == b"-":
            raise RuntimeError(rest)
        return rest

    # A part of a large value is an object here, and has the prefix twice: "prefix:{prefix:v1:p:…}:…".
    def objects(self, prefix):
        for key in map(bytes.decode, self.run("KEYS", f"{prefix}:*v1:*")):
            name = key.removeprefix(f"{prefix}:{{").removeprefix(prefix)
            if name.startswith(":v1:"):
                yield name.replace(":", "/"), self.run("GET", key)

    def put(self, prefix, name, body):
        key = prefix + name.replace("/", ":")
        self.run("SET", f"{prefix}:{{{key}" if "}" in key else key, body)


def open_store(place):
    if place.startswith("s3://"):
        return S3(place.removeprefix("s3://"))
    if place.startswith("gs://"):
        return Gcs(place.removeprefix("gs://"))
    return Redis(int(place.rpartition(":")[2])) if place.startswith("redis://") else Folder(place)


def main(place: str, source: str, target: str, how: str, *kinds: str):
    store = open_store(place)
    changed = 0
    for name, body in list(store.objects(source)):
        before = body
        if name.split("/")[2] in kinds:
            body = CHANGES[how](before)
            changed += body != before
        store.put(target, name, body)
    print(changed)


main(*sys.argv[1:])
