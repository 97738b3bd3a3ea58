"""A web server on loopback that answers as a test says, plain or over TLS, and counts what it was asked."""

import ssl

from loopback_http import LoopbackServer


class Reply:
    def __init__(self, body=b"", status=200, cut=None, chunked=False, **headers):
        self.body, self.status, self.cut, self.chunked = body, status, cut, chunked
        self.headers = [(name.replace("_", "-"), value) for name, values in headers.items()
                        for value in (values if isinstance(values, list) else [values])]


class Origin(LoopbackServer):
    """replies[path] is a Reply, or makes one of a request's headers; requests: (method, path, headers) of each."""

    METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")

    def __init__(self, certificate=None):
        super().__init__()
        self.replies, self.requests, self.bodies, self.gate = {}, [], [], None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def asked(self, path: str) -> int:
        with self.lock:
            return sum(1 for request in self.requests if request[1] == path)

    def answer(self, request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        size = int(headers.get("content-length", 0))
        with self.lock:
            self.requests.append((request.command, request.path, headers))
            self.bodies.append(request.rfile.read(size))
        reply = self.replies.get(request.path.split("?")[0], Reply(b"none", 404))
        reply = reply(headers) if callable(reply) else reply
        request.send_response(reply.status)
        for name, value in reply.headers:
            request.send_header(name, value)
        if reply.chunked:
            request.send_header("Transfer-Encoding", "chunked")
        elif reply.status not in (204, 304):
            request.send_header("Content-Length", str(len(reply.body)))
        request.end_headers()
        if request.command == "HEAD" or reply.status in (204, 304):
            return
        half = len(reply.body) // 2
        if self.gate:
            request.wfile.write(reply.body[:half])
            request.wfile.flush()
            self.gate.wait(60)
            request.wfile.write(reply.body[half:])
        elif reply.chunked:
            request.wfile.write(b"%x\r\n%s\r\n" % (len(reply.body), reply.body) + (b"" if reply.cut else b"0\r\n\r\n"))
        else:
            request.wfile.write(reply.body[:reply.cut])
        if reply.cut is not None:
            request.close_connection = True
