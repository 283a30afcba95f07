"""A client that does not read its answer is cut off, so that its request ends."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import uvicorn

from pec.http import server_protocol
from pec.http.listener import listen
from pec.http.server_protocol import GuardedProtocol

PART = b"x" * 65_536
PARTS = 600  # more than the buffers of both sides hold
SECONDS = 30


class App:
    """Answers with many bytes. `ended` is set once the last one was taken, or the client is gone."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(PARTS):
            await send({"type": "http.response.body", "body": PART, "more_body": number < PARTS - 1})
        self.ended.set()


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def address(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(server_protocol, "UNREAD_SECONDS", 0.5)
    with closing(listen("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=GuardedProtocol, lifespan="off", ws="none", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()
        server.force_exit = server.should_exit = True
        thread.join(SECONDS)


def connected(address: tuple[str, int]) -> socket.socket:
    made = socket.create_connection(address, timeout=SECONDS)
    made.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return made


def test_an_answer_that_is_not_read_ends(app: App, address: tuple[str, int]) -> None:
    with connected(address):
        assert app.ended.wait(SECONDS)


def test_an_answer_that_is_read_is_whole(app: App, address: tuple[str, int]) -> None:
    size = 0
    with connected(address) as client:
        while part := client.recv(1_000_000):
            size += len(part)

    assert app.ended.is_set()
    assert size > PARTS * len(PART)
