"""The answer of an endpoint as operators may see it: its beginning, without the secrets that it may repeat. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from config.settings import Endpoint

MAX_SHOWN = 300  # characters
_HIDDEN = "***"
_LONG = 12  # a part of a path that is as long may be a key
_SIGNATURE = re.compile(r"v1,[A-Za-z0-9+/=]{20,}")
_UNPRINTABLE = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one try. `status` is None without one; `seconds` is how long the try took, `text` as `shown`."""

    seconds: float
    status: int | None = None
    text: str = ""


def shown(body: bytes, endpoint: Endpoint) -> str:
    """Return the beginning of an answer's body, with the endpoint's secrets and our signature masked."""
    text = _UNPRINTABLE.sub(" ", body.decode("utf-8", "replace"))
    text = _SIGNATURE.sub(f"v1,{_HIDDEN}", text)
    for secret in sorted(_secrets(endpoint), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text.strip()[:MAX_SHOWN]


def _secrets(endpoint: Endpoint) -> Iterator[str]:
    """Yield what only we and the endpoint know: its secrets, and what in its URL can be a password or a key."""
    for secret in endpoint.secret.get_secret_value().split():
        yield secret
        yield secret.removeprefix("whsec_")
    parts = urlsplit(endpoint.url)
    keys = [part for part in parts.path.split("/") if len(part) >= _LONG]
    keys += [value for _, value in parse_qsl(parts.query)]
    for one in filter(None, (parts.password, parts.query, *keys)):
        yield one
        yield unquote(one)
