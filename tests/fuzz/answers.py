"""The API's client, given answers that are mostly wrong: `python -m tests.fuzz.answers --seed 1`.

Each of its seven operations must end in a value or in the ApiError that the answer's status allows, never in another
exception, and never with a credential in what it says. Some answers are as the API gives them, and must end as they
say. The answers come over real HTTP on loopback, down to the byte.
"""

import argparse
import gzip
import json
import random
import re
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

from pydantic import SecretStr

from config.settings import Api
from pec.api.client import Mailbox, Outgoing, PecClient, encode
from pec.api.errors import ApiError
from tests.wire import Peer, Wire

PASSWORD, TOKEN = "PlantedPassword", "PlantedToken"
MAILBOX = Mailbox("me@pec.example", "me", SecretStr(PASSWORD), SecretStr(TOKEN))
BODY = encode(Outgoing("me@pec.example", ("you@pec.example",), "s", "b"), MAILBOX)

OPERATIONS: tuple[Callable[[PecClient], Any], ...] = (
    lambda client: client.send(MAILBOX, BODY, lambda check_open: check_open()),
    lambda client: client.receipts(MAILBOX, "2020082610003492"),
    lambda client: client.delete_receipts(MAILBOX, "2020082610003492"),
    lambda client: client.inbox(MAILBOX, "q", 1),
    lambda client: client.inbox_message(MAILBOX, 1),
    lambda client: client.delete_inbox_message(MAILBOX, 1),
    lambda client: client.quota(MAILBOX),
)
_LEAVES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**400, float("nan"), float("inf"), "", "x", "2020082610003492"),
    *("\ud800", "\u0000", "23/11/2026 09:30:00", "Mon, 23 Nov 2026 09:30:00 -0000", "99/99/9999 99:99"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", TOKEN, PASSWORD, "%ff%00+", "CONSEGNA: x 1"),
)
_NAMES = ("success", "message", "message_id", "data", "page", "total", "n_of_pages", "usage", "limit", "id")
_MORE_NAMES = ("sender", "recipient", "date", "object", "subject", "body", "x", "")
_HEADERS = (
    *(
        "Retry-After: 5",
        "Retry-After: -1",
        "Retry-After: 99999999999999",
        "Retry-After: \xff",
        "Date: nonsense",
    ),
    *(
        "Retry-After: Mon, 99 Nov 2026 09:30:00 GMT",
        "Location: http://127.0.0.1:9/",
        "Set-Cookie: a=b",
        ": x",
    ),
    *(
        "Content-Type: text/html; charset=utf-16",
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "X" * 70_000,
    ),
    *(
        "Transfer-Encoding: chunked",
        "Content-Length: 5",
        "Content-Length: -1",
        "Content-Length: x",
        "Connection: x",
    ),
)
_STATUSES = (
    200,
    200,
    200,
    201,
    201,
    204,
    206,
    301,
    302,
    304,
    400,
    401,
    402,
    403,
    404,
    410,
    429,
    500,
    503,
    599,
    999,
)


SEND = 0  # the first of the operations
_GOOD: tuple[dict[str, Any], ...] = (  # of each operation
    {"message_id": "2020082610003492"},
    {"data": [{"sender": "a@b.example", "recipient": "me@pec.example", "subject": "s", "body": "t"}]},
    {},
    {"data": [], "page": 1, "total": 0, "n_of_pages": 0},
    {"data": {"sender": "a@b.example", "recipient": "me@pec.example", "object": "s", "body": "t%20u"}},
    {},
    {"data": {"usage": 1, "limit": 2}},
)
# What a status must end in: the only ones besides Unknown, which every status but a good answer's may end in.
_ENDS = {400: "Invalid", 401: "Denied", 402: "Denied", 403: "Denied", 404: "NotFound", 429: "RateLimited"}
_PLAIN_STATUSES = (200, 200, 201, *_ENDS, 302, 500, 503)


def plain(chance: random.Random, operation: int) -> tuple[bytes, str]:
    """An answer as the API gives it, and how it must end."""
    status = chance.choice(_PLAIN_STATUSES)
    taken = status < 300
    envelope = {"success": taken, "message": "", **(_GOOD[operation] if taken else {})}
    body = json.dumps(envelope).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return _interim(chance) + head.encode() + body, "value" if taken else _allowed(status, operation)


def _interim(chance: random.Random) -> bytes:
    """Return interim answers, mostly none."""
    many = max(0, chance.randint(-20, 5))
    return b"".join(
        b"HTTP/1.1 %d X\r\nA: b\r\n\r\n" % chance.choice((100, 102, 103, 199)) for _ in range(many)
    )


def _allowed(status: int | None, operation: int) -> str:
    """The one end besides Unknown that a status allows. That POST /send finds nothing at its address proves nothing."""
    if status is None or (status == 404 and operation == SEND):
        return "OutcomeUnknown"
    return "value" if 200 <= status < 300 else _ENDS.get(status, "OutcomeUnknown")


def _status(given: bytes) -> int | None:
    found = re.match(rb"HTTP/1\.[01] +([0-9]{3})\b", given)
    return int(found[1]) if found else None


def answer(chance: random.Random) -> bytes:
    """Set the answer to the next connection."""
    body = _body(chance)
    if chance.random() < 0.05:
        return chance.randbytes(chance.randint(0, 200))
    lines = [f"HTTP/1.1 {chance.choice(_STATUSES)} X"]
    lines += chance.sample(_HEADERS, chance.choice((0, 0, 0, 0, 0, 1, 1, 3)))
    if chance.random() < 0.7:
        lines.append(f"Content-Length: {len(body)}")
    if chance.random() < 0.1:
        lines[0] = chance.choice(
            ("HTTP/1.1 X", "HTTP/9.9 200 OK", "", "200", "HTTP/1.1 100 Continue", "\x00")
        )
    whole = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    return whole if chance.random() < 0.95 else whole[: chance.randrange(len(whole))]


def _body(chance: random.Random) -> bytes:
    raw = json.dumps(_value(chance, 4) if chance.random() < 0.3 else _envelope(chance)).encode()
    way = chance.randrange(12)
    if way == 0:
        flipped = bytearray(raw)
        flipped[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        return bytes(flipped)
    if way == 1:
        return gzip.compress(raw)
    if way == 2:
        return f"{len(raw):x}\r\n".encode() + raw + chance.choice((b"\r\n0\r\n\r\n", b"", b"\r\nzz\r\n"))
    if way == 3:
        return b"[" * chance.choice((100, 100_000)) + raw
    return raw


def _envelope(chance: random.Random) -> dict[str, Any]:
    envelope = {"success": chance.random() < 0.8, "message": "", "data": _value(chance, 3)}
    return envelope | {name: _value(chance, 1) for name in chance.sample(_NAMES, chance.randint(0, 3))}


def _value(chance: random.Random, depth: int) -> Any:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(_LEAVES)
    if chance.random() < 0.4:
        return [_value(chance, depth - 1) for _ in range(chance.randint(0, 4))]
    names = chance.sample(_NAMES + _MORE_NAMES, chance.randint(0, 8))
    return {name: _value(chance, depth - 1) for name in names}


def run(seed: int, answers: int) -> tuple[Counter[str], list[str]]:
    """How the calls ended, and the faults."""
    chance, ended, faults = random.Random(seed), Counter[str](), list[str]()
    given = [b""]

    def script(peer: Peer) -> None:
        peer.read()
        peer.say(given[0])

    for _ in range(0, answers, 500):  # a server for some: it keeps its requests
        with Wire(script) as wire, closing(PecClient(_api(wire.url))) as client:
            for number in range(min(500, answers)):
                operation, must = number % len(OPERATIONS), ""
                if chance.random() < 0.15:
                    given[0], must = plain(chance, operation)
                else:
                    given[0] = answer(chance)
                kind, fault = _outcome(client, OPERATIONS[operation])
                ended[kind] += 1
                may = {must} if must else {"OutcomeUnknown", _allowed(_status(given[0]), operation)}
                fault = fault or ("" if kind in may else f"{kind}, not {' or '.join(sorted(may))}")
                faults += [f"{fault} after {given[0][:300]!r}"] if fault else []
    return ended, faults


def _api(url: str) -> Api:
    return Api.model_validate({"url": url, "timeout_seconds": 5, "connect_timeout_seconds": 5})


def _outcome(client: PecClient, operation: Callable[[PecClient], Any]) -> tuple[str, str]:
    try:
        operation(client)
    except ApiError as error:
        shown = "".join(traceback.format_exception(error)) + repr(error.details) + str(error)
        leaks = [secret for secret in (PASSWORD, TOKEN) if secret in shown]
        return type(error).__name__, f"shows {leaks}" if leaks else ""
    except Exception as error:
        return "raised", f"{type(error).__name__}: {error}"
    return "value", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answers", type=int, default=20_000)
    asked = parser.parse_args()
    ended, faults = run(asked.seed, asked.answers)
    said = [f"seed {asked.seed}: {dict(ended)}", *faults[:20], f"{len(faults)} faults"]
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
