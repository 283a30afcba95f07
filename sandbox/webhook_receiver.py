"""A webhook receiver, which keeps each event whose signature is right."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import SecretStr

from pec.webhooks.delivery import signed_headers


class Received:
    """Events by webhook-id, however often each came; `forged` counts those with a wrong signature."""

    def __init__(self, secret: str) -> None:
        self._secret = SecretStr(secret)
        self._lock = threading.Lock()
        self.events: dict[str, dict[str, Any]] = {}
        self.forged = 0

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Keep the event of a request, and return the status to answer."""
        event_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        expected = signed_headers(self._secret, event_id, body, int(timestamp))["webhook-signature"]
        with self._lock:
            if headers.get("webhook-signature") != expected:
                self.forged += 1
                return 401
            self.events[event_id] = json.loads(body)
            return 204

    def of(self, message_id: str) -> list[dict[str, Any]]:
        """Return the events of one message, in order."""
        with self._lock:
            mine = [event["data"] for event in self.events.values() if event["data"].get("id") == message_id]
        return sorted(mine, key=lambda data: int(data["sequence"]))


@contextmanager
def receiving(received: Received) -> Iterator[str]:
    """Serve on a free port of this machine. Yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = received.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            """Log nothing: the table shows what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="receiver", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
