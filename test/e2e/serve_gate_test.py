"""Who may what at a server: tokens and their rights, certificates, ID tokens, and what is told to whom."""

import base64
import hashlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import unittest
import warnings
from pathlib import Path

import server
from cacheprog import PROGRAM, action_id
from loopback_http import LoopbackServer

WRITER, READER, NOBODY, PR = (f"{name}-token-0123456789" for name in ("writer", "reader", "nobody", "pr"))
TOKENS = f"""
# who may what
{WRITER} write
sha256:{hashlib.sha256(READER.encode()).hexdigest()} read
{NOBODY} none
{PR} read main
{PR} write pr-12   # and no other
"""


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"} if token else {}


def basic(user: str, password: str) -> dict:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, text=b"") -> bytes:
    return subprocess.run(("openssl", *map(str, words)), input=text, capture_output=True, check=True).stdout


class Authority:
    """An authority in a folder, and certificates that it signs."""

    def __init__(self, folder: Path, name="authority"):
        self.folder, self.name = folder, name
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.file(f"{name}.key"), "-out", self.file(f"{name}.pem"))
        self.ca = self.file(f"{name}.pem")

    def file(self, name: str) -> Path:
        return self.folder / name

    def sign(self, who: str, names="IP:127.0.0.1,DNS:localhost"):
        key, request, made, ext = (self.file(f"{who}.{end}") for end in ("key", "csr", "pem", "ext"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={who}",
                "-keyout", key, "-out", request)
        ext.write_text(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.file(f"{self.name}.key"), "-days", "2",
                "-set_serial", int.from_bytes(os.urandom(8), "big"), "-extfile", ext, "-out", made)
        return made, key


class TestCase(server.TestCase):
    def serving(self, *options: str, tokens=TOKENS, where="0", **more):
        if tokens is not None:
            self.tokens = self.home / "tokens"
            self.tokens.write_text(tokens)
            self.tokens.chmod(0o600)
            options = (*options, f"--http-tokens={self.tokens}")
        serving = self.serve(f"--http={where}", "--http-cache", f"--access-log={self.home / 'access'}", *options,
                             plugin=None, **more)
        serving.http = serving.place("http at ")
        return serving

    def ask(self, serving, method: str, path: str, headers=None, body=None, context=None):
        """(status, body, headers)"""
        port = int(serving.http.rsplit(":", 1)[1])
        peer = (http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context) if context else
                http.client.HTTPConnection("127.0.0.1", port, timeout=60))
        try:
            peer.request(method, path, body=body, headers=headers or {})
            reply = peer.getresponse()
            return reply.status, reply.read(), reply.headers
        finally:
            peer.close()

    def status(self, *words, **more) -> int:
        return self.ask(*words, **more)[0]

    def expect_no_secret(self, serving, *secrets: str):
        told = serving.stderr() + Path(self.home / "access").read_text()
        told += Path(f"/proc/{serving.pid}/cmdline").read_bytes().decode()
        for secret in secrets:
            self.assertNotIn(secret, told)


class Tokens(TestCase):
    def test_grant_what_their_lines_say(self):
        serving = self.serving("--modproxy", "--modproxy-upstream=off")
        self.assertEqual(self.status(serving, "PUT", "/cache/main/k", bearer(WRITER), b"main"), 201)
        self.assertEqual(self.status(serving, "PUT", "/cache/other/k", bearer(WRITER), b"other"), 201)
        whom = {"": (401, 401), "unknown-token-01234": (401, 401), NOBODY: (403, 403), READER: (200, 403),
                WRITER: (200, 201)}
        for token, (reads, writes) in whom.items():
            with self.subTest(token):
                head = bearer(token)
                for path in ("/cache/main/k", "/metrics"):
                    self.assertEqual(self.status(serving, "GET", path, head), reads)
                self.assertEqual(self.status(serving, "PUT", "/cache/main/x", head, b"x"), writes)
                self.assertEqual(self.status(serving, "DELETE", "/cache/main/x", head), 204 if writes == 201 else writes)
                self.assertEqual(self.status(serving, "PROPFIND", "/cache/main/", head | {"Depth": "1"}),
                                 207 if reads == 200 else reads)
                self.assertEqual(self.status(serving, "GET", "/mod/example.com/m/@v/list", head),
                                 404 if reads == 200 else reads)
                for path in ("/healthz", "/readyz"):
                    self.assertEqual(self.status(serving, "GET", path, head), 200)
        challenge = self.ask(serving, "GET", "/cache/main/k")[2]["WWW-Authenticate"]
        self.assertTrue(challenge.startswith("Bearer"), challenge)
        for head in (basic("anybody", READER), basic(READER, "")):
            self.assertEqual(self.status(serving, "GET", "/cache/main/k", head), 200)
        for head in ({"Authorization": READER}, {"Authorization": "Basic x"}, basic("anybody", "wrong"),
                     bearer(READER[:-1]), bearer(hashlib.sha256(READER.encode()).hexdigest())):
            self.assertEqual(self.status(serving, "GET", "/cache/main/k", head), 401)
        self.expect_no_secret(serving, WRITER, READER, NOBODY, PR)

    def test_of_a_pull_request_cannot_touch_main(self):
        serving = self.serving()
        self.assertEqual(self.status(serving, "PUT", "/cache/main/k", bearer(WRITER), b"main"), 201)
        self.assertEqual(self.status(serving, "PUT", "/cache/secret/k", bearer(WRITER), b"secret"), 201)
        head = bearer(PR)
        for path in ("main/k", "main/new", "secret/k", "pr-120/k", "k", "pr-12"):
            self.assertEqual(self.status(serving, "PUT", f"/cache/{path}", head, b"poison"),
                             201 if path == "pr-12" else 403, path)
        self.assertEqual(self.status(serving, "DELETE", "/cache/pr-12", head), 204)
        self.assertEqual(self.status(serving, "DELETE", "/cache/main/k", head), 403)
        self.assertEqual(self.ask(serving, "GET", "/cache/main/k", head)[:2], (200, b"main"))
        self.assertEqual(self.status(serving, "GET", "/cache/secret/k", head), 404)
        self.assertEqual(self.status(serving, "PUT", "/cache/pr-12/k", head, b"mine"), 201)
        listed = self.ask(serving, "PROPFIND", "/cache/", head | {"Depth": "1"})[1].decode()
        self.assertIn("/cache/main/", listed)
        self.assertNotIn("secret", listed)

        # A build: it reads main's, writes its own, and leaves main's as they were.
        remote = f"http://{serving.http}/cache"
        secret = {"GOPOUCH_BEARER_TOKEN": WRITER}
        with self.start(f"--remote={remote}/main", "--prefetch=off", "--flush=wait", variables=secret) as writer:
            self.assert_stored(writer.put(action_id(1), b"from main"), b"from main")
            self.assert_well_ended(writer, writer.close())
        before = self.ask(serving, "PROPFIND", "/cache/main/v1/e/", bearer(READER) | {"Depth": "1"})[1]
        self.folder = self.home / "pr"
        tiers = (f"--remote={remote}/pr-12,{remote}/main?mode=ro", "--prefetch=off", "--flush=wait")
        with self.start(*tiers, variables={"GOPOUCH_BEARER_TOKEN": PR}) as pr:
            self.assert_hit(pr.get(action_id(1)), b"from main")
            self.assert_stored(pr.put(action_id(2), b"mine"), b"mine")
            self.assert_well_ended(pr, pr.close())
        after = self.ask(serving, "PROPFIND", "/cache/main/v1/e/", bearer(READER) | {"Depth": "1"})[1]
        self.assertEqual(before, after)
        self.folder = self.home / "reader"
        refused = self.lines(403)
        with self.start(f"--remote={remote}/main", "--prefetch=off", "--flush=wait", "--upload=sync",
                        variables={"GOPOUCH_BEARER_TOKEN": READER}) as reader:
            self.assert_hit(reader.get(action_id(1)), b"from main")
            for number in range(10, 14):
                self.assert_stored(reader.put(action_id(number), b"x" * number), b"x" * number)
            self.assertEqual(reader.close(), 0)
            self.assertEqual(reader.faults, [])
            self.assertIn("read-only from here on", reader.stderr())
            self.assertEqual(reader.stderr().count("\n"), 1)
        self.assertEqual(self.lines(403) - refused, 1)
        self.expect_no_secret(serving, WRITER, READER, PR)

    def lines(self, status: int) -> int:
        return sum(json.loads(line)["status"] == status for line in (self.home / "access").read_text().splitlines())

    def test_are_read_again_at_sighup(self):
        serving = self.serving()
        self.assertEqual(self.status(serving, "GET", "/metrics", bearer(READER)), 200)
        self.tokens.write_text("another-token-01234 read\n")
        serving.signal(signal.SIGHUP)
        serving.place("read again")
        self.assertEqual(self.status(serving, "GET", "/metrics", bearer(READER)), 401)
        self.assertEqual(self.status(serving, "GET", "/metrics", bearer("another-token-01234")), 200)
        self.tokens.write_text("another-token-01234 rule\n")
        serving.signal(signal.SIGHUP)
        said = serving.place("SIGHUP: http-tokens: ")
        self.assertIn("line 1", said)
        self.assertNotIn("another-token", said)
        self.assertEqual(self.status(serving, "GET", "/metrics", bearer("another-token-01234")), 200)
        self.assertEqual(serving.stop(), 0)

    def test_are_wanted_where_others_can_come(self):
        for words in (["--http=:0"], ["--http=0", "--http-tokens=/nowhere"], ["--http=0", "--http-key=x"],
                      ["--http=0", "--http-client-ca=x"], ["--http-cache", "--plugin=0"]):
            ended = subprocess.run([PROGRAM, "serve", *words], capture_output=True, text=True, timeout=60,
                                   env={"HOME": str(self.home), "PATH": os.environ["PATH"]})
            self.assertEqual(ended.returncode, 2, words)
            self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
        open_to_all = self.serving("--allow-remote-http", tokens=None, where=":0")
        self.assertEqual(open_to_all.stop(), 0)
        self.home.joinpath("shown").write_text(TOKENS)
        self.home.joinpath("shown").chmod(0o644)
        shown = self.serving(f"--http-tokens={self.home / 'shown'}", tokens=None)
        self.assertIn("can be read by others", shown.stderr())


class Tls(TestCase):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.home)
        self.certificate, self.key = self.authority.sign("server")

    def tls(self, *options, **more):
        return self.serving(f"--http-certificate={self.certificate}", f"--http-key={self.key}", *options, **more)

    def context(self, ca=None, **more):
        context = ssl.create_default_context(cafile=str(ca or self.authority.ca))
        if more:
            context.load_cert_chain(**more)
        return context

    def test_is_what_a_client_can_believe(self):
        serving = self.tls()
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.assertEqual(self.status(serving, "GET", "/metrics", bearer(READER), context=context), 200)
        self.assertEqual(self.status(serving, "GET", "/metrics", context=context), 401)
        large = os.urandom(3_000_000)
        self.assertEqual(self.status(serving, "PUT", "/cache/k", bearer(WRITER), large, context=context), 201)
        self.assertEqual(self.ask(serving, "GET", "/cache/k", bearer(READER), context=context)[1], large)
        stranger = Authority(self.home, "stranger")
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.status(serving, "GET", "/healthz", context=self.context(stranger.ca))
        port = int(serving.http.rsplit(":", 1)[1])
        with self.assertRaises(ssl.SSLCertVerificationError), socket.create_connection(("127.0.0.1", port)) as plain:
            self.context().wrap_socket(plain, server_hostname="gopouch.example")
        self.expect_no_secret(serving, READER, WRITER)

    def test_refuses_old_versions_and_other_words(self):
        serving = self.tls()
        port = int(serving.http.rsplit(":", 1)[1])
        warnings.simplefilter("ignore", DeprecationWarning)  # of these very versions
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            context = self.context()
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.status(serving, "GET", "/healthz", context=context)
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.status(serving, "GET", "/healthz", context=context), 200)
        context = self.context()
        context.set_alpn_protocols(["h2"])
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.status(serving, "GET", "/healthz", context=context)
        for words in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x02xx", b""):
            with socket.create_connection(("127.0.0.1", port)) as peer:
                peer.settimeout(60)
                peer.sendall(words)
                peer.shutdown(socket.SHUT_WR)
                self.assertNotIn(b"HTTP", peer.recv(1000))
        self.assertEqual(self.status(serving, "GET", "/healthz", context=self.context()), 200)

    def test_may_want_a_certificate(self):
        serving = self.tls(f"--http-client-ca={self.authority.ca}", tokens=None)
        ours, key = self.authority.sign("client")
        context = self.context(certfile=ours, keyfile=key)
        for _ in range(3):  # also where a session is taken up again
            self.assertEqual(self.status(serving, "GET", "/metrics", context=context), 200)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.status(serving, "GET", "/metrics", context=self.context())
        theirs, key = Authority(self.home, "stranger").sign("foreigner")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.status(serving, "GET", "/metrics", context=self.context(certfile=theirs, keyfile=key))
        # A whole session of ours, as its remote.
        flags = (f"--remote=https://{serving.http}/cache", f"--ca-file={self.authority.ca}",
                 f"--client-certificate={ours.with_name('client.pem')}",
                 f"--client-key={ours.with_name('client.key')}", "--flush=wait")
        with self.start(*flags) as writer:
            self.assert_stored(writer.put(action_id(1), b"over TLS"), b"over TLS")
            self.assert_well_ended(writer, writer.close())
        self.folder = self.home / "fresh"
        with self.start(*flags) as reader:
            self.assert_hit(reader.get(action_id(1)), b"over TLS")
            self.assert_well_ended(reader, reader.close())

    def test_takes_another_certificate_at_sighup(self):
        serving = self.tls()
        port = int(serving.http.rsplit(":", 1)[1])
        kept = http.client.HTTPSConnection("127.0.0.1", port, context=self.context(), timeout=60)
        kept.request("GET", "/healthz")
        kept.getresponse().read()

        def shown():
            with socket.create_connection(("127.0.0.1", port)) as plain:
                with self.context().wrap_socket(plain, server_hostname="127.0.0.1") as peer:
                    return peer.getpeercert()["serialNumber"]
        before = shown()
        self.authority.sign("server")
        serving.signal(signal.SIGHUP)
        serving.place("read again")
        self.assertNotEqual(shown(), before)
        after = shown()
        self.key.write_text("no key")
        serving.signal(signal.SIGHUP)
        self.assertIn("no private key", serving.place("SIGHUP: http-certificate: "))
        self.assertEqual(shown(), after)
        kept.request("GET", "/healthz")
        self.assertEqual(kept.getresponse().read(), b"ok\n")
        kept.close()


class Issuer(LoopbackServer):
    """An identity provider on loopback: its configuration, its keys, and the tokens that it signs."""

    def __init__(self, folder: Path):
        super().__init__()
        self.keys, self.requests = {}, []
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.port}"

    def answer(self, request):
        self.requests.append(request.path)
        answers = {"/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": self.url + "/keys"},
                   "/keys": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "h"}, *self.keys.values()]}}
        text = json.dumps(answers.get(request.path, {})).encode()
        request.send_response(200 if request.path in answers else 404)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def add_key(self, kid: str, kind: str):
        path = self.folder / f"{kid}.jwk.key"
        if kind == "RS256":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path)
            modulus = openssl("rsa", "-in", path, "-noout", "-modulus").decode().strip().partition("=")[2]
            self.keys[kid] = {"kty": "RSA", "alg": kind, "use": "sig", "kid": kid, "n": url64(bytes.fromhex(modulus)),
                              "e": "AQAB"}
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
            point = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")[-64:]
            self.keys[kid] = {"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": url64(point[:32]),
                              "y": url64(point[32:])}

    def claims(self, **more) -> dict:
        now = int(time.time())
        return {"iss": self.url, "aud": "gopouch", "sub": "repo:acme/app", "repository": "acme/app",
                "ref": "refs/heads/main", "iat": now, "nbf": now, "exp": now + 300} | more

    def token(self, kid: str, header=None, **claims) -> str:
        head = {"alg": self.keys[kid].get("alg", "ES256"), "typ": "JWT", "kid": kid} | (header or {})
        text = f"{url64(json.dumps(head).encode())}.{url64(json.dumps(self.claims(**claims)).encode())}"
        key = self.folder / f"{kid}.jwk.key"
        signature = openssl("dgst", "-sha256", "-sign", key, text=text.encode())
        if self.keys[kid]["kty"] == "EC":
            signature = self._raw(signature)
        return f"{text}.{url64(signature)}"

    @staticmethod
    def _raw(der: bytes) -> bytes:
        first = der[3]
        r, s = der[4:4 + first], der[6 + first:]
        return b"".join(int.from_bytes(one, "big").to_bytes(32, "big") for one in (r, s))


class IdTokens(TestCase):
    def setUp(self):
        super().setUp()
        self.issuer = self.enterContext(Issuer(self.home))
        self.issuer.add_key("rsa", "RS256")
        self.issuer.add_key("ec", "ES256")
        self.rows = (f"{WRITER} write\n"
                     f"oidc {self.issuer.url} read main aud=gopouch repository=acme/*\n"
                     f"oidc {self.issuer.url} write main aud=gopouch repository=acme/* ref=refs/heads/main\n")

    def test_grant_what_their_claims_say(self):
        serving = self.serving(tokens=self.rows)
        for kid in ("rsa", "ec"):
            token = self.issuer.token(kid)
            self.assertEqual(self.status(serving, "PUT", "/cache/main/k", bearer(token), b"x"), 201)
            self.assertEqual(self.status(serving, "PUT", "/cache/other/k", bearer(token), b"x"), 403)
            pr = bearer(self.issuer.token(kid, ref="refs/pull/1/merge", aud=["x", "gopouch"]))
            self.assertEqual(self.status(serving, "GET", "/cache/main/k", pr), 200)
            self.assertEqual(self.status(serving, "PUT", "/cache/main/k", pr, b"y"), 403)
            foreign = bearer(self.issuer.token(kid, repository="evil/app"))
            self.assertEqual(self.status(serving, "GET", "/cache/main/k", foreign), 403)
        self.assertEqual(self.issuer.requests, ["/.well-known/openid-configuration", "/keys"])

    def test_are_exchanged(self):
        serving = self.serving(tokens=self.rows)
        token = self.issuer.token("rsa")
        status, body, _ = self.ask(serving, "POST", "/auth/oidc", bearer(token))
        self.assertEqual(status, 200)
        given = json.loads(body)
        self.assertEqual((given["token_type"], given["expires_in"]), ("Bearer", 3600))
        session = given["access_token"]
        self.assertEqual(self.status(serving, "PUT", "/cache/main/k", bearer(session), b"x"), 201)
        self.assertEqual(self.status(serving, "PUT", "/cache/other", bearer(session), b"x"), 403)
        self.assertEqual(self.status(serving, "POST", "/auth/oidc", bearer(session)), 401)
        self.assertEqual(self.status(serving, "POST", "/auth/oidc", bearer(WRITER)), 401)
        self.assertEqual(self.status(serving, "GET", "/auth/oidc", bearer(token)), 405)
        self.assertEqual(self.status(serving, "GET", "/metrics", bearer(session + "0")), 401)
        self.expect_no_secret(serving, token, session, token.rsplit(".", 1)[1])

    def test_that_are_none_are_refused(self):
        serving = self.serving(tokens=self.rows)
        issuer, now = self.issuer, int(time.time())
        good = issuer.token("rsa")
        head, claims, signature = good.split(".")
        public = openssl("pkey", "-in", self.home / "rsa.jwk.key", "-pubout")
        none = url64(json.dumps({"alg": "none", "kid": "rsa"}).encode())
        hs = url64(json.dumps({"alg": "HS256", "kid": "rsa"}).encode())
        mac = openssl("dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:" + public.hex(), "-binary",
                      text=f"{hs}.{claims}".encode())
        other = url64(json.dumps(issuer.claims(ref="refs/heads/main", repository="acme/other")).encode())
        with Issuer(self.home / "rogue") as rogue:
            rogue.folder.mkdir()
            rogue.add_key("rsa", "RS256")
            bad = {
                "alg none": f"{none}.{claims}.",
                "alg none, signed": f"{none}.{claims}.{signature}",
                "HS256 with the public key": f"{hs}.{claims}.{url64(mac)}",
                "ES256 by an RSA key": issuer.token("rsa", header={"alg": "ES256"}),
                "RS256 by an EC key": issuer.token("ec", header={"alg": "RS256"}),
                "wrong aud": issuer.token("rsa", aud="somebody-else"),
                "no aud": issuer.token("rsa", aud=None),
                "expired": issuer.token("rsa", exp=now - 60),
                "no exp": issuer.token("rsa", exp=None),
                "not yet": issuer.token("rsa", nbf=now + 300),
                "unknown kid": issuer.token("rsa", header={"kid": "nobody"}),
                "another kid": issuer.token("rsa", header={"kid": "ec"}),
                "extension": issuer.token("rsa", header={"crit": ["b64"], "b64": False}),
                "other claims": f"{head}.{other}.{signature}",
                "flipped": good[:-10] + ("A" if good[-10] != "A" else "B") + good[-9:],
                "no signature": f"{head}.{claims}.",
                "of another issuer": rogue.token("rsa"),
                "signed by another": rogue.token("rsa", iss=issuer.url),
                "half": good[: len(good) // 2],
                "dots": "..", "more dots": good + ".x",
            }
            for name, token in bad.items():
                with self.subTest(name):
                    for method, path in (("GET", "/cache/main/k"), ("PUT", "/cache/main/k"), ("POST", "/auth/oidc")):
                        body = b"poison" if method == "PUT" else None
                        self.assertEqual(self.status(serving, method, path, bearer(token), body), 401)
            self.assertEqual(rogue.requests, [], "nobody is asked but those of the file")
        self.assertEqual(self.status(serving, "GET", "/cache/main/k", bearer(WRITER)), 404)
        self.assertEqual(self.status(serving, "GET", "/metrics", bearer(good)), 200)
        self.assertLessEqual(len(issuer.requests), 4)
        self.expect_no_secret(serving, good, signature)


if __name__ == "__main__":
    unittest.main()
