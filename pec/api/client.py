"""The client of the PEC Massiva API: its seven operations, each ending in an answer or in one of `errors.py`.

It retries nothing but a GET on a kept connection that turns out to be closed. Pace, backoff and state
belong to callers.
"""

import io
import re
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote

import requests

from config.settings import Api
from pec.api.answers import Answer, code_of, envelope_of
from pec.api.deadline import Deadline
from pec.api.errors import Denied, OutcomeUnknown
from pec.api.outgoing import Attachment, Mailbox, Outgoing, encode
from pec.api.shapes import InboxPage, Quota, inbox_mail, inbox_page, mails, quota
from pec.api.transport import ApiConnection
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
_COMMON_HEADERS: dict[str, str | bytes] = {
    "User-Agent": "pecmassiva",
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # nothing to inflate
}


def send_is_over_seconds(api: Api, size_bytes: int) -> float:
    """Seconds after `before_first_byte` returned in which a POST of this size is surely over.

    By then it was answered or cut: this is the total deadline, and a margin for the thread that cuts to run.
    Look for a lost answer no sooner.
    """
    return api.send_deadline_seconds(size_bytes) + _CUT_SECONDS


class PecClient:
    """Safe to share among threads.

    Errors carry no credential: neither in their text, nor in `details`, nor in what they are chained to.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        # Lines not in use. A line serves one thread at a time, since requests promises no more; they are not
        # thread-local, so that they are closed when the client is, and not whenever a thread ends.
        self._idle: list[ApiConnection] = []
        self._closed = False

    def send(self, mailbox: Mailbox, body: bytes, before_first_byte: Callable[[], None]) -> str:
        """POST /send with a body made by `encode`, over a new connection, once. Returns the code.

        `before_first_byte` runs once, when the connection stands and before anything is written. It may take
        its time, which counts for no deadline. What it raises goes through unchanged, with nothing written.

        Raises
        - Unreachable: no byte of the request left. It can come after `before_first_byte` returned, when the
          API hung up in the meantime.
        - Invalid, Denied, TooFast: the API said that it did not send.
        - Unknown: anything else. It may have been sent.
        """
        headers = _bearer(mailbox) | {"Content-Type": "application/json", "Connection": "close"}
        # A stream is written piece by piece, so that the timeout is for each piece and not for 30 MB.
        request = requests.Request("POST", f"{self._api.url}/send", headers=headers, data=io.BytesIO(body))
        deadline_seconds = self._api.send_deadline_seconds(len(body))

        def at_open() -> None:
            before_first_byte()
            deadline.start(deadline_seconds)

        with Deadline() as deadline, closing(ApiConnection(self._api)) as line:
            answer = line.exchange(request, deadline, at_open)
        return code_of(answer, _secrets(mailbox))

    def receipts(self, mailbox: Mailbox, code: str) -> list[Mail]:
        """GET /send/{code}: what a search of the mailbox by subject finds, receipts or not.

        Raises NotFound when there is nothing yet, and every other ApiError.
        """
        return mails(self._get(mailbox, f"/send/{_quoted(code)}"))

    def delete_receipts(self, mailbox: Mailbox, code: str) -> None:
        """DELETE /send/{code}. Raises NotFound when there is nothing, and every other ApiError."""
        self._delete(mailbox, f"/send/{_quoted(code)}")

    def inbox(self, mailbox: Mailbox, query: str | None = None, page: int | None = None) -> InboxPage:
        """GET /inbox: 25 mails a page, without their texts. Raises every ApiError."""
        return inbox_page(self._get(mailbox, "/inbox", {"q": query, "page": page}))

    def inbox_message(self, mailbox: Mailbox, message_id: int | str) -> Mail:
        """GET /inbox/{id}, its text decoded. Raises NotFound, and every other ApiError."""
        return inbox_mail(self._get(mailbox, f"/inbox/{_quoted(message_id)}"))

    def delete_inbox_message(self, mailbox: Mailbox, message_id: int | str) -> None:
        """DELETE /inbox/{id}. It may shift the other ids: look again first. Raises every ApiError."""
        self._delete(mailbox, f"/inbox/{_quoted(message_id)}")

    def quota(self, mailbox: Mailbox, name: str = "inbox") -> Quota:
        """GET /quota/{name}. Raises Invalid when there is no such mailbox, and every other ApiError."""
        return quota(self._get(mailbox, f"/quota/{_quoted(name)}"))

    def close(self) -> None:
        """Close the kept connections. Calls under way finish."""
        self._closed = True
        while (line := self._kept_line()) is not None:
            line.close()

    def _get(
        self, mailbox: Mailbox, path: str, params: dict[str, str | int | None] | None = None
    ) -> dict[str, Any]:
        request = requests.Request("GET", self._api.url + path, headers=_credentials(mailbox), params=params)
        with self._reading_deadline() as deadline:
            answer = self._read(request, deadline)
        return envelope_of(answer, _secrets(mailbox))

    def _delete(self, mailbox: Mailbox, path: str) -> None:
        request = requests.Request("DELETE", self._api.url + path, headers=_credentials(mailbox))
        with self._reading_deadline() as deadline:
            answer = self._over(ApiConnection(self._api), request, deadline)
        envelope_of(answer, _secrets(mailbox))

    def _read(self, request: requests.Request, deadline: Deadline) -> Answer:
        """Over a kept connection; over a new one if there is none, or if the API has closed it."""
        kept = self._kept_line()
        if kept is not None:
            try:
                return self._over(kept, request, deadline)
            except OutcomeUnknown as error:
                if error.code != "reset" or not kept.reused:
                    raise
        return self._over(ApiConnection(self._api), request, deadline)

    def _over(self, line: ApiConnection, request: requests.Request, deadline: Deadline) -> Answer:
        try:
            answer = line.exchange(request, deadline)
        except BaseException:
            line.close()
            raise
        self._idle.append(line)
        if self._closed:
            self.close()
        return answer

    def _kept_line(self) -> ApiConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _reading_deadline(self) -> Deadline:
        deadline = Deadline()
        deadline.start(self._api.connect_timeout_seconds + self._api.timeout_seconds)
        return deadline


def _bearer(mailbox: Mailbox) -> dict[str, str | bytes]:
    return _COMMON_HEADERS | {"Authorization": _header(f"Bearer {mailbox.token.get_secret_value()}")}


def _credentials(mailbox: Mailbox) -> dict[str, str | bytes]:
    return _bearer(mailbox) | {
        "x-username": _header(mailbox.username),
        "x-password": _header(mailbox.password.get_secret_value()),
    }


def _header(value: str) -> bytes:
    """UTF-8, as in POST /send's JSON. What HTTP can't carry is refused here: libraries quote it in errors."""
    if not re.fullmatch(r"([^\x00-\x20\x7f][^\x00-\x1f\x7f]*)?", value):
        raise Denied("credentials", "the token, user name or password can't stand in a header")
    return value.encode()


def _secrets(mailbox: Mailbox) -> tuple[str, str]:
    return mailbox.password.get_secret_value(), mailbox.token.get_secret_value()


def _quoted(part: int | str) -> str:
    return quote(str(part), safe="")
