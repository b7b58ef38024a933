"""A server on this machine that gives files well or badly, for tests of fetching."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 12_000  # three blocks of 1 MiB, less a bit


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        kind = self.path.split("/")[1]
        if kind == "gone":
            self.send_error(404)
            return
        content = CONTENT[:-1] + b"?" if kind == "wrong" else CONTENT
        self.send_response(200)
        if kind != "unsized":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if kind == "broken" else content)

    def log_message(self, *args: object) -> None:
        """Nothing: the tests' output is not the place."""


class Server:
    """Where it listens, and what it was asked for."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.root = f"http://127.0.0.1:{server.server_address[1]}"
        self.asked: list[str] = server.asked  # type: ignore[attr-defined]

    def urls(self, *kinds: str) -> tuple[str, ...]:
        """Addresses that give the file as ``good``, ``wrong``, ``broken``, ``unsized`` or ``gone``."""
        return tuple(f"{self.root}/{kind}/weights.bin" for kind in kinds)


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """A server, until the block is left."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Server(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
