"""What the HTTP servers of tests have in common: a port on loopback, threads, and peace when a client goes."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that goes is no news


class LoopbackServer:
    """Use it as a context manager. A subclass has answer(request), for requests of each of its METHODS."""

    METHODS = ("GET",)

    def __init__(self, port: int = 0):
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self._handler())
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def handle_one_request(self):
                with contextlib.suppress(OSError):
                    super().handle_one_request()
                    return
                self.close_connection = True

        for method in self.METHODS:
            setattr(Handler, f"do_{method}", lambda request: outer.answer(request))
        return Handler
