"""Starts the real sandbox process for a module's tests, and speaks HTTP to it."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from imapclient import IMAPClient

from tests.module_process import running

SENDER = "studio@pec.example"
TOKEN = "sandbox-token"
AT_ONCE = ("--rate", "1e9", "--acceptance-delay", "0", "--delivery-delay", "0", "--hour", "0")
DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class Served:
    """A running sandbox. `imap_port` and `anchors`, the file of its root, are those of its IMAP door, if it has one."""

    url: str
    imap_port: int = 0
    anchors: Path | None = None

    def imap(self, username: str = SENDER, folder: str = "INBOX", *, readonly: bool = True) -> IMAPClient:
        """Return a client that is logged in and looks at a folder. Its `shutdown` or `with` ends it."""
        client = IMAPClient("127.0.0.1", self.imap_port, ssl=False, timeout=DEADLINE_SECONDS)
        try:
            client.login(username, "password")
            client.select_folder(folder, readonly=readonly)
        except BaseException:
            client.shutdown()
            raise
        return client

    def make(self, path: str, **fields: Any) -> dict[str, Any]:
        """Ask the control API for something to go wrong: `make("imap", down=True)`."""
        answer = self.call("POST", f"/_sandbox/{path}", json=fields)
        assert answer.ok, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | str | None = None,
        headers: Mapping[str, str | bytes] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> requests.Response:
        """With the token and the mailbox SENDER, unless `headers` say otherwise; an empty one is left out."""
        default = {"Authorization": f"Bearer {TOKEN}", "x-username": SENDER, "x-password": "password"}
        sent = {name: value for name, value in {**default, **(headers or {})}.items() if value}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                self.url + path,
                json=json,
                data=data,
                headers=sent,
                params=params,
                timeout=DEADLINE_SECONDS,
                allow_redirects=False,
            )

    def send(
        self, recipient: str | list[str], *, headers: Mapping[str, str | bytes] | None = None, **fields: Any
    ) -> requests.Response:
        return self.call("POST", "/send", json=pec(recipient, **fields), headers=headers)

    def code_of_send(self, recipient: str | list[str], **fields: Any) -> str:
        answer = self.send(recipient, **fields)
        assert answer.status_code == 201, answer.text
        code: str = answer.json()["message_id"]
        return code

    def sent(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/_sandbox/sent").json()
        return found

    def sent_with(self, subject: str) -> list[dict[str, Any]]:
        return [one for one in self.sent() if one["subject"] == subject]

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/_sandbox/requests").json()
        return found

    def connect(self) -> socket.socket:
        """A raw connection, for what HTTP libraries hide."""
        address = urlsplit(self.url)
        return socket.create_connection((address.hostname or "", address.port or 0), timeout=DEADLINE_SECONDS)


def pec(recipient: str | list[str], **fields: Any) -> dict[str, Any]:
    """The body of POST /send."""
    return {
        "sender": SENDER,
        "recipient": recipient,
        "subject": "Diffida",
        "body": "<p>Salve</p>",
        "username": SENDER,
        "password": "password",
        **fields,
    }


def started(
    *options: str, environment: Mapping[str, str] | None = None
) -> AbstractContextManager[subprocess.Popen[str]]:
    return running("sandbox", *options, environment=environment)


@contextmanager
def serving(*options: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """A sandbox on a free port. It must have had nothing to complain of on stderr when it ends."""
    with started("--port", "0", *options, environment=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if url:
            imap = process.stdout.readline().strip() if "--imap-port" in options else ""
            yield Served(url, int(imap.rpartition(":")[2] or 0))
        process.terminate()
        _, stderr = process.communicate(timeout=DEADLINE_SECONDS)
        assert url, stderr
        assert stderr == ""


@contextmanager
def serving_imap(folder: Path, *options: str) -> Iterator[Served]:
    """A sandbox with an IMAP door on a free port, and the file of its root in the folder."""
    anchors = folder / "sandbox-ca.pem"
    with serving("--imap-port", "0", "--anchor-file", str(anchors), *options) as served:
        yield replace(served, anchors=anchors)


def wait_until(condition: Callable[[], Any]) -> Any:
    """Return the condition's value, once it is true. It queries the server, so this is no busy loop."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
    return value


def raw_request(body: bytes, length: int | None = None, token: str = TOKEN) -> bytes:
    head = (
        "POST /send HTTP/1.1\r\nHost: sandbox\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {length or len(body)}\r\n\r\n"
    )
    return head.encode() + body


def write_send(connection: socket.socket, recipient: str, subject: str) -> None:
    connection.sendall(raw_request(json.dumps(pec(recipient, subject=subject)).encode()))
