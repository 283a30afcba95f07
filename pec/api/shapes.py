"""The API's mails, pages and quotas in one shape, whichever shape they came in. Pure: no I/O, no clock.

An item is `{sender, recipient, date, subject, body}` live, documented as `{…, data, object, message}`, and a
mix of both in the inbox. Texts may be null; `data` may be null, missing, or an object where a list is meant.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any
from urllib.parse import unquote_plus

from pec.api.errors import OutcomeUnknown
from pec.instants import ROME
from pec.receipts import Mail

_ITALIAN_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\D+(\d{1,2}):(\d{2})(?::(\d{2}))?")
_YEARS = range(1970, 9999)
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
        raise OutcomeUnknown("shape", "the API sent no message where one is meant")
    return mail(item | {"body": _form_decoded(_text(item) or "")})


def quota(envelope: _Item) -> Quota:
    """Return the quota of GET /quota/{mailbox}. Raise OutcomeUnknown if it is not two numbers."""
    data = envelope.get("data")
    numbers = data if isinstance(data, dict) else {}
    usage, limit = _number(numbers.get("usage")), _number(numbers.get("limit"))
    if usage is None or limit is None:
        raise OutcomeUnknown("shape", "the API sent no numbers where a quota is meant")
    return Quota(usage, limit)


def mail(item: _Item) -> Mail:
    """Return one item in either shape. Its text is None only if the item has no field for it."""
    return Mail(
        sender=_first(item, "sender"),
        recipient=_first(item, "recipient"),
        date=date(_first(item, "date", "data")),
        subject=_first(item, "subject", "object"),
        text=_text(item),
    )


def date(text: str) -> datetime | None:
    """Return an aware datetime from RFC 5322, Italian figures or ISO 8601, in Europe/Rome if no zone is given.

    None if it can't be read, or names a year in which no PEC can be: the outermost can't be written in UTC.
    """
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
        raise OutcomeUnknown("shape", "the API sent neither a list nor an object of mails")
    return data or []


def _objects(entries: list[Any]) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)]


def _first(item: _Item, *names: str) -> str:
    return next((str(item[name]) for name in names if item.get(name) is not None), "")


def _text(item: _Item) -> str | None:
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
