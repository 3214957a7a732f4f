"""A server behind nginx that tells what reached it, and a client that asks from an address of its choice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import httpx2

PROBLEM: Final = "application/problem+json"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; a path with a status in it is answered with that."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        size = len(self.rfile.read(int(self.headers.get("content-length", "0"))))
        _, _, status = self.path.partition("/status/")
        body = json.dumps({"headers": {k.lower(): v for k, v in self.headers.items()}, "size": size}).encode()
        self.send_response(int(status or 200))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-ID", "req_of_the_api")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def echoing() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def ask(url: str, path: str, *, method: str = "GET", source: str | None = None, **rest: Any) -> httpx2.Response:
    transport = httpx2.HTTPTransport(local_address=source, verify=False)
    with httpx2.Client(transport=transport, timeout=60) as client:
        return client.request(method, url + path, **rest)
