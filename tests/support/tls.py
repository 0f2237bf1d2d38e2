"""A server that speaks TLS with a certificate that nobody trusts, and one that speaks none."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CERTIFICATE = Path(__file__).with_name("for_tests_only.pem")
EXPIRED = CERTIFICATE.with_name("expired_for_tests_only.pem")
ELSEWHERE = CERTIFICATE.with_name("elsewhere_for_tests_only.pem")
"""Of another host than this machine."""


class Server(ThreadingHTTPServer):
    """Answers everything with one status; keeps the headers that it got."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.connections = 0
        self.headers: list[dict[str, str]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def get_request(self) -> tuple[Any, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        body = json.dumps({"_data": {}}).encode()
        self.server.headers.append(dict(self.headers))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_CONNECT = _answer  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    *, tls: bool = False, status: int = 200, certificate: Path = CERTIFICATE
) -> Iterator[Server]:
    """A server on a port of this machine while the block lasts."""
    server = Server(status)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
