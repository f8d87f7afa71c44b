"""A loopback HTTP server that behaves, or misbehaves, as a test wants."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# (status, headers, pieces of the body); a callable between pieces is called instead of sent.
Piece = bytes | Callable[[], object]
Answer = tuple[int, dict[str, str], list[Piece]]
Behaviour = Callable[[str, bytes], Answer]


def good(body: bytes) -> Answer:
    return 200, {}, [body]


@dataclass
class Served:
    """``behave`` may be exchanged at any time; ``seen`` lists (connection, method, path, authorization) of each request."""

    url: str
    behave: Behaviour
    seen: list[tuple[object, str, str, str | None]] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # many knock at once, and whoever is not let in at once tries again a whole second later


@contextmanager
def serving(behave: Behaviour, *, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            served.seen.append((self.client_address, self.command, self.path, self.headers.get("Authorization")))
            status, headers, pieces = served.behave(self.path, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            whole = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
            self.send_header("Content-Length", str(whole))
            self.end_headers()
            for piece in pieces:
                if isinstance(piece, bytes):
                    self.wfile.write(piece)
                else:
                    piece()

        do_POST = do_GET = _answer  # noqa: N815 - the names the library calls

        def log_message(self, *_details: object) -> None:
            """Nothing: the test knows what it asked."""

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, TimeoutError):
                self.close_connection = True

    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    served = Served(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}", behave)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
