"""Copies objects as a server that lies would have them: damage.py BUCKET FROM TO HOW KIND...

FROM and TO are prefixes; HOW is flip, cut or swap; KIND is e, p or m, whose entries, packs or manifests are changed
on the way. Prints how many were.
"""

import random
import sys

import boto3

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


def main(bucket: str, source: str, target: str, how: str, *kinds: str):
    s3 = boto3.client("s3")
    changed = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{source}/v1/"):
        for one in page["Contents"]:
            name = one["Key"].removeprefix(source)
            body = before = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
            if name.split("/")[2] in kinds:
                body = CHANGES[how](before)
                changed += body != before
            s3.put_object(Bucket=bucket, Key=target + name, Body=body)
    print(changed)


main(*sys.argv[1:])
