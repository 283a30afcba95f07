"""A consumer of webhooks as its users would write it: it verifies with the public `standardwebhooks` library."""

import base64
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from config.settings import Endpoint


@dataclass(frozen=True)
class Answer:
    """The receiver's answer, and the seconds before it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0


@dataclass(frozen=True)
class Received:
    """A delivery whose signature was right."""

    id: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    path: str


class Receiver:
    """Answers with the script's answers in turn, then with `then`; 401 where the signature is wrong."""

    def __init__(self, *script: Answer, then: Answer | None = None) -> None:
        self.secret = a_secret()
        self.then = then or Answer()
        self.received: list[Received] = []
        self.refused = 0
        self._script = list(script)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def ids(self) -> list[str]:
        """The ids of the deliveries, in the order in which they came."""
        return [received.id for received in self.received]

    def endpoint(self, name: str = "shop", events: list[str] | None = None) -> Endpoint:
        """The settings that deliver to it."""
        return Endpoint(name=name, url=self.url, secret=SecretStr(self.secret), events=events)

    def answer_to(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            parsed = Webhook(self.secret).verify(body, dict(headers))
        except WebhookVerificationError:
            self.refused += 1
            return Answer(401)
        with self._lock:
            self.received.append(Received(headers["webhook-id"], parsed, headers, path))
            answer = self._script.pop(0) if self._script else self.then
        self._closing.wait(answer.delay_seconds)
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them
    request_queue_size = 128

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.receiver.answer_to(self.path, headers, body)
        content = json.dumps({"ok": answer.status < 300}).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing: tests read `received`."""


def a_secret() -> str:
    """A fresh signing secret."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
