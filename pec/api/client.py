"""The client of the PEC Massiva API: its seven operations, each ending in an answer or in one of `errors.py`.

It retries nothing but a GET on a kept connection that turns out to be closed. Pace, backoff and state
belong to callers.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from config.settings import Api
from pec.api.answers import InboxPage, Quota, code_of, envelope_of, inbox_mail, inbox_page, mails, quota
from pec.api.errors import Denied
from pec.api.transport import ApiConnection, BeforeFirstByte, Prepared
from pec.domains import on_the_wire
from pec.http.request import Request
from pec.receipts import Mail

__all__ = [
    "Attachment",
    "InboxPage",
    "Mail",
    "Mailbox",
    "Outgoing",
    "PecClient",
    "Quota",
    "encode",
    "send_is_over_seconds",
]

_CUT_SECONDS = 2.0
MAX_PREPARED = 1024  # mailboxes
_COMMON_HEADERS: dict[str, str | bytes] = {
    "User-Agent": "pecmassiva",
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # nothing to inflate
}


@dataclass(frozen=True)
class Mailbox:
    """A mailbox at the API, and what opens it."""

    sender: str
    username: str
    password: SecretStr
    token: SecretStr


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a PEC. `content` is its bytes, not base64."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A PEC to send. Several recipients see each other."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str = field(repr=False)
    attachments: tuple[Attachment, ...] = ()


def encode(outgoing: Outgoing, mailbox: Mailbox) -> bytes:
    """Return the body of POST /send, credentials included: never log or store it.

    One recipient goes as a string, several as an array. Attachments go as an array of bare base64, which is
    what works live; they skip `json.dumps`, which would copy 30 MB thrice to escape what needs no escaping.
    """
    recipients = tuple(map(on_the_wire, outgoing.recipients))
    envelope = _json(
        {
            "sender": on_the_wire(outgoing.sender),
            "recipient": recipients[0] if len(recipients) == 1 else list(recipients),
            "subject": outgoing.subject,
            "body": outgoing.body,
            "username": mailbox.username,
            "password": mailbox.password.get_secret_value(),
        }
    )
    return b"".join([envelope[:-1], *_written(outgoing.attachments), b"}"])


def send_is_over_seconds(api: Api, size_bytes: int) -> float:
    """Return the seconds after `before_first_byte` in which a POST of this size is surely over.

    By then the POST was answered or cut: this is the total deadline, and a margin for a thread that waits for a core.
    Look for a lost answer no sooner.
    """
    return api.send_deadline_seconds(size_bytes) + _CUT_SECONDS


class PecClient:
    """Safe to share among threads.

    Errors carry no credential: neither in their text, nor in `details`, nor in what they are chained to.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        # Not in use: a connection serves one thread at a time. They are not thread-local, so that they are closed when
        # the client is, and not whenever a thread ends.
        self._idle: list[ApiConnection] = []
        self._closed = False

    def send(self, mailbox: Mailbox, body: bytes, before_first_byte: BeforeFirstByte) -> str:
        """Send a body made by `encode` with POST /send, once, over a new connection. Return the code.

        `before_first_byte` runs once, when the connection is open and before anything is written. The time that it
        takes counts for no deadline. It is given a function that raises Unreachable if the API hung up, to call
        shortly before it looks at the clock for the last time. What it raises goes through unchanged, with nothing
        written. What it returns is called when the first bytes have left.

        Raise
        - Unreachable: no byte of the request left.
        - Invalid, Denied, RateLimited: the API said that it did not send.
        - OutcomeUnknown: anything else. The PEC may have been sent.
        """
        prepared = _prepared_send(self._api.url, mailbox)
        request = prepared.request("POST", "/send", body=body)
        seconds = self._api.send_deadline_seconds(len(body))
        with closing(ApiConnection(self._api, prepared.peer)) as connection:
            answer = connection.post(request, seconds, before_first_byte)
        return code_of(answer, _secrets(mailbox))

    def receipts(self, mailbox: Mailbox, code: str) -> list[Mail]:
        """Return what GET /send/{code} finds: a search of the mailbox by subject, so not only receipts.

        Raise NotFound if there is nothing yet, and every other ApiError.
        """
        return mails(self._get(mailbox, f"/send/{_quoted(code)}"))

    def delete_receipts(self, mailbox: Mailbox, code: str) -> None:
        """Call DELETE /send/{code}. Raise NotFound if there is no mail of that send, and every other ApiError."""
        self._delete(mailbox, f"/send/{_quoted(code)}")

    def inbox(self, mailbox: Mailbox, query: str | None = None, page: int | None = None) -> InboxPage:
        """Return a page of GET /inbox: 25 mails without their texts. Raise every ApiError."""
        asked: dict[str, str | int | None] = {"q": query, "page": page}
        params = {name: value for name, value in asked.items() if value is not None}
        return inbox_page(self._get(mailbox, "/inbox", params))

    def inbox_message(self, mailbox: Mailbox, message_id: int | str) -> Mail:
        """Return the mail of GET /inbox/{id}, its text decoded. Raise NotFound, and every other ApiError."""
        return inbox_mail(self._get(mailbox, f"/inbox/{_quoted(message_id)}"))

    def delete_inbox_message(self, mailbox: Mailbox, message_id: int | str) -> None:
        """Call DELETE /inbox/{id}. The other ids may shift: list the page again. Raise every ApiError."""
        self._delete(mailbox, f"/inbox/{_quoted(message_id)}")

    def quota(self, mailbox: Mailbox, name: str = "inbox") -> Quota:
        """Return the quota of GET /quota/{name}. Raise Invalid if there is no such mailbox, and any ApiError."""
        return quota(self._get(mailbox, f"/quota/{_quoted(name)}"))

    def probe(self) -> None:
        """Open a connection and close it, with nothing asked. Raise Unreachable."""
        with closing(ApiConnection(self._api, Prepared.of(self._api.url, {}).peer)) as connection:
            connection.open()

    def close(self) -> None:
        """Close the kept connections. Calls under way finish."""
        self._closed = True
        while (connection := self._kept_connection()) is not None:
            connection.close()

    def _get(
        self, mailbox: Mailbox, path: str, params: Mapping[str, str | int] | None = None
    ) -> dict[str, Any]:
        prepared = _prepared_read(self._api.url, mailbox)
        request = prepared.request("GET", path, params)
        return self._read(
            request, mailbox, self._kept_connection() or ApiConnection(self._api, prepared.peer)
        )

    def _delete(self, mailbox: Mailbox, path: str) -> None:
        # Over a new connection, since over a kept one it could arrive twice. It is not kept: each DELETE would add one.
        prepared = _prepared_read(self._api.url, mailbox)
        with closing(ApiConnection(self._api, prepared.peer)) as connection:
            answer = connection.read(prepared.request("DELETE", path))
        envelope_of(answer, _secrets(mailbox))

    def _read(self, request: Request, mailbox: Mailbox, connection: ApiConnection) -> dict[str, Any]:
        try:
            answer = connection.read(request)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed:
            self.close()
        return envelope_of(answer, _secrets(mailbox))

    def _kept_connection(self) -> ApiConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None


@lru_cache(maxsize=MAX_PREPARED)
def _prepared_send(url: str, mailbox: Mailbox) -> Prepared:
    return Prepared.of(url, _bearer(mailbox) | {"Content-Type": "application/json", "Connection": "close"})


@lru_cache(maxsize=MAX_PREPARED)
def _prepared_read(url: str, mailbox: Mailbox) -> Prepared:
    credentials: dict[str, str | bytes] = {
        "x-username": _header(mailbox.username),
        "x-password": _header(mailbox.password.get_secret_value()),
    }
    return Prepared.of(url, _bearer(mailbox) | credentials)


def _bearer(mailbox: Mailbox) -> dict[str, str | bytes]:
    return _COMMON_HEADERS | {"Authorization": _header(f"Bearer {mailbox.token.get_secret_value()}")}


def _header(value: str) -> bytes:
    """Encode in UTF-8, as in POST /send's JSON. Refuse what HTTP can't carry: libraries would quote it in errors."""
    if not re.fullmatch(r"([^\x00-\x20\x7f][^\x00-\x1f\x7f]*)?", value):
        raise Denied("credentials", header=True)
    return value.encode()


def _secrets(mailbox: Mailbox) -> tuple[str, str]:
    return mailbox.password.get_secret_value(), mailbox.token.get_secret_value()


def _quoted(part: int | str) -> str:
    return quote(str(part), safe="")


def _written(attachments: tuple[Attachment, ...]) -> list[bytes]:
    pieces: list[bytes] = []
    for attachment in attachments:
        start = b',{"name":' if pieces else b',"attachments":[{"name":'
        pieces += [start, _json(attachment.name), b',"file":"', b64encode(attachment.content), b'"}']
    return [*pieces, b"]"] if pieces else []


def _json(value: object) -> bytes:
    return json.dumps(value).encode("ascii")
