#!/usr/bin/env python3
"""Writes data/signatures.json: requests as botocore signs them, for the tests to compare with.

Needs botocore (Python package). Run it again when a case is added; time and keys are fixed, so that the same
cases give the same file. The keys are those of AWS's own documentation. Two kinds of cases: what the signer
classes make of odd requests, and what whole clients send for calls as this program makes them.
"""

import datetime
import hashlib
import json
import unittest.mock
import urllib.parse
import uuid
from pathlib import Path

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session

ACCESS = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd=="
TIMES = ("2013-05-24T00:00:00", "2026-02-28T23:59:59", "2031-01-02T03:04:05")
OURS = ("host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-s3session-token")

cases = []


def at(text):
    return datetime.datetime.fromisoformat(text)


def signed_headers(authorization):
    return authorization.split("SignedHeaders=")[1].split(",")[0].split(";")


def add(name, service, region, time, token, method, url, headers, payload, sent, secret=SECRET):
    authorization = sent["Authorization"]
    signed = signed_headers(authorization)
    case = {
        "name": name, "service": service, "region": region, "time": time, "method": method, "url": url,
        "headers": headers, "payload": payload, "authorization": authorization,
    }
    if token:
        case["token"] = token
        case["token_header"] = next(header for header in OURS[3:] if header in signed)
    if secret != SECRET:
        case["secret_access_key"] = secret
    cases.append(case)


def direct(name, service, method, url, headers=(), body=b"", token="", region="us-east-1", time=TIMES[0],
           unsigned=False, secret=SECRET):
    """One request through a signer class."""
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body)
    for key, value in headers:
        request.headers[key] = value
    credentials = botocore.credentials.Credentials(ACCESS, secret, token or None)
    if service == "s3express":
        signer = botocore.auth.S3ExpressAuth(credentials, service, region, identity_cache=None)
    elif service == "s3":
        signer = botocore.auth.S3SigV4Auth(credentials, service, region)
    else:
        signer = botocore.auth.SigV4Auth(credentials, service, region)
    if service.startswith("s3"):
        request.context["client_config"] = botocore.config.Config(s3={"payload_signing_enabled": not unsigned})
    with unittest.mock.patch("botocore.auth.get_current_datetime", return_value=at(time)):
        signer.add_auth(request)
    payload = "UNSIGNED-PAYLOAD" if unsigned else hashlib.sha256(body).hexdigest()
    add(name, service, region, time, token, method, url, [list(pair) for pair in headers], payload,
        request.headers, secret)


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def through_client(name, service, call, region="eu-west-1", time=TIMES[1], token="", endpoint=None, signing=None,
                   credentials=None, **config):
    """All requests of one call of a whole client, caught before they leave."""
    session = botocore.session.Session()
    session.set_config_variable("region", region)
    client = session.create_client(
        service, region_name=region, endpoint_url=endpoint, aws_access_key_id=ACCESS, aws_secret_access_key=SECRET,
        aws_session_token=token or None, config=botocore.config.Config(**config))

    def caught(request, **_):
        sent = {key.lower(): text(value) for key, value in request.headers.items()}
        sent["Authorization"] = sent["authorization"]
        headers = [[key, sent[key]] for key in signed_headers(sent["authorization"]) if key not in OURS]
        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        payload = sent.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest())
        given = sent.get("x-amz-s3session-token") or sent.get("x-amz-security-token") or ""
        add(f"{name} {len(cases)}", signing or service, region, time, given, request.method, request.url, headers,
            payload, sent)
        answer = b"<r><AssumeRoleResult/></r>"
        if request.url.endswith("?session"):
            answer = (f"<CreateSessionResult><Credentials><AccessKeyId>{ACCESS}</AccessKeyId>"
                      f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>"
                      "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>").encode()
        return botocore.awsrequest.AWSResponse(request.url, 200, {"Content-Type": "text/xml"}, Raw(answer))

    client.meta.events.register("before-send", caught)
    fixed = uuid.UUID("12345678-1234-5678-1234-567812345678")
    with unittest.mock.patch("botocore.auth.get_current_datetime", return_value=at(time)), \
            unittest.mock.patch("uuid.uuid4", return_value=fixed):
        call(client)


class Raw:
    """The body of an answer that never was."""

    def __init__(self, content):
        self._content = content

    def stream(self, *_args, **_kwargs):
        yield self._content

    def read(self, *_args, **_kwargs):
        content, self._content = self._content, b""
        return content


KEYS = {
    "plain": "ci/v1/e/0a1b2c",
    "space": "a b/c d",
    "plus": "a+b",
    "reserved": "a!b*c'd(e)f;g:h@i&j=k$l,m?n#o[p]q",
    "percent": "100%/%2F",
    "tilde": "~a-b_c.d",
    "unicode": "日本/ключ/é",
    "slashes": "a//b///c/",
    "dots": "a/./b/../c",
    "empty": "",
    "backslash": "a\\b|c\"d<e>f`g{h}",
    "long": "k" * 1000,
}

BODIES = {"empty": b"", "text": b"Welcome to Amazon S3.", "binary": bytes(range(256))}


def make_direct():
    for name, key in KEYS.items():
        path = urllib.parse.quote(key, safe="/~")
        direct(f"s3 path {name}", "s3", "GET", f"https://examplebucket.s3.amazonaws.com/{path}")
        direct(f"s3express path {name}", "s3express", "PUT",
               f"https://b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/{path}", token=TOKEN,
               unsigned=True, time=TIMES[1])
    for name, body in BODIES.items():
        for token in ("", TOKEN):
            kind = "token" if token else "key"
            direct(f"s3 body {name} {kind}", "s3", "PUT", "http://127.0.0.1:9000/bucket/key", token=token, body=body,
                   time=TIMES[2])
            direct(f"sts body {name} {kind}", "sts", "POST", "https://sts.eu-central-1.amazonaws.com/",
                   [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")], token=token, body=body,
                   region="eu-central-1")
    queries = {
        "one": "lifecycle=", "bare": "lifecycle", "two": "prefix=J&max-keys=2", "repeated": "a=2&a=1&a=10&a=",
        "mixed": "list-type=2&prefix=ci%2Fv1%2F&delimiter=%2F&encoding-type=url&start-after=a%20b",
        "empty values": "x=&y=&a", "case": "B=1&a=2&A=3&b=4", "encoded order": "a%20=1&a=2&a-=3",
        "equals": "token=abc%3D%3D&x=1%2B1", "unicode": "prefix=%E6%97%A5", "empty pairs": "session",
        "prefixes": "ab=1&a=1&abc=1&a-b=1",
    }
    for name, query in queries.items():
        direct(f"s3 query {name}", "s3", "GET", f"https://examplebucket.s3.amazonaws.com/?{query}")
    headers = {
        "range": [("Range", "bytes=0-9")],
        "spaces": [("x-amz-meta-a", "  a   b \t c  ")],
        "many": [("If-None-Match", "*"), ("Content-Type", "application/octet-stream"),
                 ("x-amz-storage-class", "ONEZONE_IA"), ("x-amz-tagging", "team=a&x=b%20c"),
                 ("x-amz-checksum-sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="), ("Content-MD5", "AAAA")],
        "empty": [("x-amz-meta-empty", "")],
        "case": [("X-AMZ-Meta-B", "1"), ("x-amz-meta-a", "2"), ("X-Amz-Meta-C", "Upper")],
    }
    for name, pairs in headers.items():
        for token in ("", TOKEN):
            direct(f"s3 headers {name} {'token' if token else 'key'}", "s3", "PUT",
                   "https://examplebucket.s3.amazonaws.com/k", pairs, token=token, unsigned=bool(token))
    for url in ("http://localhost:9000/b/k", "http://[::1]:9000/b/k", "http://[::1]/b/k", "https://minio.Example.ORG/b/k"):
        direct(f"s3 host {url}", "s3", "GET", url)
    for method in ("HEAD", "DELETE", "POST"):
        direct(f"s3 {method}", "s3", method, "https://examplebucket.s3.amazonaws.com/k")
    direct("other service, plain path", "execute-api", "GET", "https://a.example.org/one/two")
    direct("other service, encoded path", "execute-api", "GET", "https://a.example.org/one%20two/%E6%97%A5")
    for size in (59, 60, 61, 200):  # with "AWS4" before it: around a block of SHA-256, 64 bytes
        direct(f"secret of {size}", "s3", "GET", "https://examplebucket.s3.amazonaws.com/k", secret="k" * size)


def make_from_clients():
    bucket = "examplebucket"
    for name, key in KEYS.items():
        if name in ("plain", "space", "plus", "reserved", "percent", "unicode", "backslash", "slashes"):
            through_client(f"client get {name}", "s3", lambda c, k=key: c.get_object(Bucket=bucket, Key=k))
            through_client(f"client put {name}", "s3",
                           lambda c, k=key: c.put_object(Bucket=bucket, Key=k, Body=b"body", IfNoneMatch="*"),
                           token=TOKEN)
    through_client("client path style", "s3", lambda c: c.get_object(Bucket=bucket, Key="a/b", Range="bytes=5-"),
                   endpoint="http://127.0.0.1:9000", s3={"addressing_style": "path"})
    through_client("client list", "s3",
                   lambda c: c.list_objects_v2(Bucket=bucket, Prefix="ci/a b+/", ContinuationToken="a+/=", MaxKeys=7))
    through_client("client delete", "s3", lambda c: c.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b & c"}], "Quiet": True}))
    through_client("client head", "s3", lambda c: c.head_object(Bucket=bucket, Key="a"), token=TOKEN)
    directory = "gopouch--use1-az4--x-s3"
    through_client("client express", "s3", lambda c: c.put_object(Bucket=directory, Key="ci/a b", Body=b"body"),
                   region="us-east-1", token=TOKEN, signing="s3express")
    through_client("client express list", "s3", lambda c: c.list_objects_v2(Bucket=directory, Prefix="ci/"),
                   region="us-east-1", signing="s3express")
    role = "arn:aws:iam::123456789012:role/ci"
    through_client("client sts", "sts", lambda c: c.assume_role(RoleArn=role, RoleSessionName="a=b,c@d"))
    through_client("client sts token", "sts",
                   lambda c: c.assume_role(RoleArn=role, RoleSessionName="run-1", ExternalId="x+y/z"), token=TOKEN)


def main():
    make_direct()
    make_from_clients()
    path = Path(__file__).parent / "data" / "signatures.json"
    path.parent.mkdir(exist_ok=True)
    body = {
        "about": f"Written by make_signatures.py with botocore {botocore.__version__}.",
        "access_key_id": ACCESS, "secret_access_key": SECRET, "cases": cases,
    }
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{path.name}: {len(cases)} cases")


if __name__ == "__main__":
    main()
