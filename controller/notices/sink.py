"""A far end for tests and the demo: takes what apprise sends by `json://`, on this machine only.

It stands in the place of an SMS provider and says so; what it takes it keeps (the newest ones) and
writes to a file, if there is one. Knows no database.
"""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

LOOPBACK = "127.0.0.1"
KEPT_MAX = 1_000
BODY_MAX = 16_384
OWNER_ONLY = 0o600
POLL_S = 0.05


class Taken(NamedTuple):
    """One message that arrived."""

    recipient: str
    title: str
    body: str


class Sink:
    """`with Sink() as sink`: `sink.url` is a route for any channel, `sink.taken` what came.

    While `broken` is true it answers 503, as a provider does that is down.
    """

    def __init__(self, port: int = 0, file: Path | None = None) -> None:
        self.taken: deque[Taken] = deque(maxlen=KEPT_MAX)
        self.broken = False
        self._file = file
        self._server = ThreadingHTTPServer((LOOPBACK, port), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), daemon=True
        )

    @property
    def url(self) -> str:
        """What to set as a route (`services.set_route`)."""
        return f"json://{LOOPBACK}:{self._server.server_port}/{{recipient}}"

    def __enter__(self) -> "Sink":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, path: str, content: bytes) -> None:
        """Keeps one message. Raises ValueError when it is no message of apprise's."""
        sent = json.loads(content)
        taken = Taken(unquote(path.strip("/")), str(sent["title"]), str(sent["message"]))
        self.taken.append(taken)
        if self._file is not None:
            self._file.touch(OWNER_ONLY)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(taken._asdict(), ensure_ascii=False) + "\n")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length", 0)), BODY_MAX)
                content = self.rfile.read(length)
                try:
                    if not sink.broken:
                        sink.take(self.path, content)
                    self.send_response(503 if sink.broken else 200)
                except (ValueError, KeyError, TypeError):
                    self.send_response(400)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
                """Nothing: a line of it would hold the recipient."""

        return Handler
