"""Meaning of an answer: its envelope, and the error that each status stands for. Pure: no I/O, no clock.

Every answer of the API is an envelope with `success` (bool) and `message` (string), on a 2xx too.
"""

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from pec.api.errors import ApiError, Denied, Invalid, NotFound, OutcomeUnknown, RateLimited
from pec.codes import is_code
from pec.http.retry_after import http_date, retry_after_seconds

EXCERPT_CHARACTERS = 200


@dataclass(frozen=True)
class Answer:
    """An answer of the API, whole and undecoded."""

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
    raise _with_excerpt(OutcomeUnknown, "no_code", "the API gave no code", answer, secrets)


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
