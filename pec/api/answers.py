"""Meaning of an answer: the error that its status stands for, else a code, mails, a page or a quota.

Every answer of the API is an envelope with `success` (bool) and `message` (string), on a 2xx too.
Pure: no I/O, no clock.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import isfinite
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from pec.api.errors import ApiError, Denied, Invalid, NotFound, OutcomeUnknown, RateLimited
from pec.http.retry_after import http_date, retry_after_seconds
from pec.instants import ROME
from pec.receipts import Mail
from pec.subjects import is_code

EXCERPT_CHARACTERS = 200


@dataclass(frozen=True)
class Answer:
    """An answer of the API, whole and undecoded."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


_SEND_REFUSALS: dict[int, tuple[type[ApiError], str]] = {
    400: (Invalid, "invalid"),
    401: (Denied, "credentials"),
    402: (Denied, "wallet"),
    403: (Denied, "scope"),
    429: (RateLimited, "rate_limited"),
}
_REFUSALS = _SEND_REFUSALS | {404: (NotFound, "missing")}


def code_of(answer: Answer, secrets: Iterable[str]) -> str:
    """Return the code of a PEC that POST /send took.

    `message_id` can be a number, and on failure SMTP error text. It is a code only with `success`, and if it has a
    code's digits: by anything else no search of the mailbox would find the PEC.

    Raise Invalid, Denied or RateLimited if the status says that nothing was sent, else OutcomeUnknown.
    """
    envelope = _envelope(answer)
    _require_success(answer, envelope, _SEND_REFUSALS, secrets)
    code = envelope.get("message_id")
    if isinstance(code, str | int) and is_code(str(code)):
        return str(code)
    raise _with_excerpt(OutcomeUnknown, "no_code", answer, secrets)


def envelope_of(answer: Answer, secrets: Iterable[str]) -> dict[str, Any]:
    """Return the envelope of any other operation. Raise any ApiError but Unreachable."""
    envelope = _envelope(answer)
    _require_success(answer, envelope, _REFUSALS, secrets)
    return envelope


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, in any of the spellings in which a server may echo them."""
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "…")
    return text


def _envelope(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of the answer; empty if there is none, which is no success."""
    try:
        parsed = json.loads(_text(answer))
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _require_success(
    answer: Answer,
    envelope: dict[str, Any],
    refusals: dict[int, tuple[type[ApiError], str]],
    secrets: Iterable[str],
) -> None:
    succeeded = envelope.get("success") is True
    taken = 200 <= answer.status < 300
    if taken and succeeded:
        return
    if taken:
        raise _with_excerpt(OutcomeUnknown, "unsuccessful", answer, secrets)
    unknown = OutcomeUnknown, "status"
    # An error that claims success contradicts itself: nothing may be concluded from it.
    kind, code = unknown if succeeded else refusals.get(answer.status, unknown)
    raise _with_excerpt(kind, code, answer, secrets)


def _with_excerpt(kind: type[ApiError], code: str, answer: Answer, secrets: Iterable[str]) -> ApiError:
    excerpt = " ".join(scrub(_text(answer), secrets).split())[:EXCERPT_CHARACTERS]
    details: dict[str, Any] = {"status": answer.status, "excerpt": excerpt}
    if kind is RateLimited:
        details |= _pause(answer)
    return kind(code, **details)


def _pause(answer: Answer) -> dict[str, float]:
    """Return the wait that the API asks for, by the answer's own Date: no clock of ours is compared with the API's."""
    seconds = retry_after_seconds(
        answer.headers.get("Retry-After", ""), http_date(answer.headers.get("Date", ""))
    )
    return {} if seconds is None else {"retry_after_seconds": seconds}


def _text(answer: Answer) -> str:
    return answer.content.decode("utf-8-sig", errors="replace")


def _spellings(secret: str) -> set[str]:
    escaped = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    with_slashes = {spelling.replace("/", r"\/") for spelling in escaped}  # as PHP writes JSON
    quoted = {html.escape(secret), quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret} | quoted | escaped | with_slashes


# Mails, pages and quotas, in one shape whichever they came in. An item is `{sender, recipient, date, subject, body}`
# live, documented as `{…, data, object, message}`, and a mix of both in the inbox. Texts may be null; `data` may be
# null, missing, or an object where a list is meant.

_ITALIAN_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\D+(\d{1,2}):(\d{2})(?::(\d{2}))?")
_YEARS = range(1970, 9999)
_MAX_DATE_CHARACTERS = 100
_Item = Mapping[str, Any]


@dataclass(frozen=True)
class InboxPage:
    """A page of the mailbox, each mail with its id: a position that may shift, never to be stored.

    `page`, `total` and `pages` are the API's own; whether it counts pages from 0 is unknown. `unreadable` counts the
    items that are no objects, or have a subject in neither shape: behind one of them any mail can hide.
    """

    mails: tuple[tuple[int | str, Mail], ...]
    page: int | None
    total: int | None
    pages: int | None
    unreadable: int = 0


@dataclass(frozen=True)
class Quota:
    """How full a mailbox is: two figures in one unit, which the API does not name for sure."""

    usage: float
    limit: float


def mails(envelope: _Item) -> list[Mail]:
    """Return the mails of GET /send/{code}. Raise OutcomeUnknown if `data` is neither a list nor an object."""
    return [mail(item) for item in _objects(_entries(envelope.get("data")))]


def inbox_page(envelope: _Item) -> InboxPage:
    """Return the page of GET /inbox. Raise OutcomeUnknown if `data` is neither a list nor an object."""
    entries = _entries(envelope.get("data"))
    items = _objects(entries)
    return InboxPage(
        mails=tuple((_id(item), mail(item)) for item in items),
        page=_whole(envelope.get("page")),
        total=_whole(envelope.get("total")),
        pages=_whole(envelope.get("n_of_pages")),
        unreadable=len(entries) - sum("subject" in item or "object" in item for item in items),
    )


def inbox_mail(envelope: _Item) -> Mail:
    """Return the mail of GET /inbox/{id}, its body decoded. Raise OutcomeUnknown if there is none."""
    item = envelope.get("data")
    if not isinstance(item, dict) or not item:
        raise OutcomeUnknown("shape", wanted="mail")
    return mail(item | {"body": _form_decoded(_text_of(item) or "")})


def quota(envelope: _Item) -> Quota:
    """Return the quota of GET /quota/{mailbox}. Raise OutcomeUnknown if it is not two numbers."""
    data = envelope.get("data")
    numbers = data if isinstance(data, dict) else {}
    usage, limit = _number(numbers.get("usage")), _number(numbers.get("limit"))
    if usage is None or limit is None:
        raise OutcomeUnknown("shape", wanted="quota")
    return Quota(usage, limit)


def mail(item: _Item) -> Mail:
    """Return one item in either shape. Its text is None only if the item has no field for it."""
    return Mail(
        sender=_first(item, "sender"),
        recipient=_first(item, "recipient"),
        date=date(_first(item, "date", "data")),
        subject=_first(item, "subject", "object"),
        text=_text_of(item),
    )


def date(text: str) -> datetime | None:
    """Return an aware datetime from RFC 5322, Italian figures or ISO 8601, in Europe/Rome if no zone is given.

    None if it can't be read, or names a year in which no PEC can be: the outermost can't be written in UTC.
    """
    return _date(text) if len(text) <= _MAX_DATE_CHARACTERS else None


@lru_cache(maxsize=512)  # a mail is seen in several pages
def _date(text: str) -> datetime | None:
    for read in (_rfc_date, _italian_date, datetime.fromisoformat):
        try:
            found = read(text.strip())
        except (ValueError, OverflowError):
            continue
        if found.year in _YEARS:
            return found if found.tzinfo else found.replace(tzinfo=ROME)
    return None


def _rfc_date(text: str) -> datetime:
    return parsedate_to_datetime(text.replace("-0000", "+0000"))  # -0000 is UTC, but would be read as naive


def _italian_date(text: str) -> datetime:
    match = _ITALIAN_DATE.fullmatch(text)
    if match is None:
        raise ValueError
    day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=ROME)


def _entries(data: Any) -> list[Any]:
    """Return what `data` lists. PHP writes a list with gaps in its keys as an object of objects."""
    if isinstance(data, dict):
        data = list(data.values()) if all(isinstance(value, dict) for value in data.values()) else [data]
    if not isinstance(data, list | None):
        raise OutcomeUnknown("shape", wanted="mails")
    return data or []


def _objects(entries: list[Any]) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)]


def _first(item: _Item, *names: str) -> str:
    for name in names:
        if (value := item.get(name)) is not None:
            return str(value)
    return ""


def _text_of(item: _Item) -> str | None:
    has_text = "body" in item or "message" in item
    return _first(item, "body", "message") if has_text else None


def _form_decoded(text: str) -> str:
    """Decode a form-encoded text. A text with white space, as in the vendor's example, is plain."""
    return text if re.search(r"\s", text) else unquote_plus(text, errors="replace")


def _id(item: _Item) -> int | str:
    found = item.get("id")
    return found if isinstance(found, int) else _first(item, "id")


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
