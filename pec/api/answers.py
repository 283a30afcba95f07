"""What an answer means: its envelope, and the error that each status stands for. Pure: no I/O, no clock.

Every answer of the API is an envelope with `success` (bool) and `message` (string), on a 2xx too.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, quote_plus

from pec.api.errors import ApiError, Denied, Invalid, NotFound, OutcomeUnknown, RateLimited
from pec.codes import is_code

EXCERPT_CHARACTERS = 200


@dataclass(frozen=True)
class Answer:
    """What the API said: the whole of it, undecoded."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


_SEND_REFUSALS: dict[int, tuple[type[ApiError], str, str]] = {
    400: (Invalid, "invalid", "the API refuses the request"),
    401: (Denied, "credentials", "the API refuses the token or the credentials"),
    402: (Denied, "wallet", "the API's wallet is empty"),
    403: (Denied, "scope", "the token lacks the scope"),
    429: (RateLimited, "rate_limited", "the API asks for a slower pace"),
}
_REFUSALS = _SEND_REFUSALS | {404: (NotFound, "missing", "the API has no such thing")}


def code_of(answer: Answer, secrets: Iterable[str]) -> str:
    """The code of a PEC that POST /send took.

    `message_id` can be a number, and on failure SMTP error text: it is a code only with `success`, and
    when it has a code's digits. Else nobody could find it in the mailbox by that code.

    Raises Invalid, Denied or TooFast where the status says that nothing was sent, else Unknown.
    """
    envelope = _envelope(answer)
    _require_success(answer, envelope, _SEND_REFUSALS, secrets)
    code = envelope.get("message_id")
    if isinstance(code, str | int) and is_code(str(code)):
        return str(code)
    raise _with_excerpt(OutcomeUnknown, "no_code", "the API gave no code", answer, secrets)


def envelope_of(answer: Answer, secrets: Iterable[str]) -> dict[str, Any]:
    """The envelope of any other operation. Raises each ApiError but Unreachable."""
    envelope = _envelope(answer)
    _require_success(answer, envelope, _REFUSALS, secrets)
    return envelope


def retry_after_seconds(header: str, now: datetime | None) -> float | None:
    """Retry-After (RFC 9110 §10.2.3): seconds, or a date, held against `now`. None: not understood."""
    if re.fullmatch(r"[0-9]{1,9}", header.strip()):
        return float(header)
    until = _http_date(header)
    if until is None or now is None:
        return None
    return max(0.0, (until - now).total_seconds())


def scrub(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in any of the spellings in which a server may echo them."""
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "…")
    return text


def _envelope(answer: Answer) -> dict[str, Any]:
    """The JSON object of the answer; empty where there is none, which is no success."""
    try:
        parsed = json.loads(_text(answer))
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _require_success(
    answer: Answer,
    envelope: dict[str, Any],
    refusals: dict[int, tuple[type[ApiError], str, str]],
    secrets: Iterable[str],
) -> None:
    succeeded = envelope.get("success") is True
    taken = 200 <= answer.status < 300
    if taken and succeeded:
        return
    if taken:
        raise _with_excerpt(OutcomeUnknown, "unsuccessful", "the API reports no success", answer, secrets)
    unknown = OutcomeUnknown, "status", f"the API answered {answer.status}"
    # An error that claims success contradicts itself: nothing may be concluded from it.
    kind, code, description = unknown if succeeded else refusals.get(answer.status, unknown)
    raise _with_excerpt(kind, code, description, answer, secrets)


def _with_excerpt(
    kind: type[ApiError], code: str, description: str, answer: Answer, secrets: Iterable[str]
) -> ApiError:
    excerpt = " ".join(scrub(_text(answer), secrets).split())[:EXCERPT_CHARACTERS]
    details: dict[str, Any] = {"status": answer.status, "excerpt": excerpt}
    if kind is RateLimited:
        details |= _pause(answer)
    return kind(code, f"{description}: {excerpt}" if excerpt else description, **details)


def _pause(answer: Answer) -> dict[str, float]:
    """Held against the answer's own Date, so that no clock of ours is compared with the API's."""
    seconds = retry_after_seconds(
        answer.headers.get("Retry-After", ""), _http_date(answer.headers.get("Date", ""))
    )
    return {} if seconds is None else {"retry_after_seconds": seconds}


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else None


def _text(answer: Answer) -> str:
    return answer.content.decode("utf-8-sig", errors="replace")


def _spellings(secret: str) -> set[str]:
    escaped = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    with_slashes = {spelling.replace("/", r"\/") for spelling in escaped}  # as PHP writes JSON
    quoted = {html.escape(secret), quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret} | quoted | escaped | with_slashes
