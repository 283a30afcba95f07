"""Generated answers, read by us and by `http.client`: we understand what it does, and trust a connection no sooner."""

import random
import socket
from http.client import HTTPException, HTTPResponse

import pytest

from tests.unit.pec.http.answers import PATIENCE_SECONDS, answer

COUNT = 400
Read = tuple[int, list[str], bytes | None, bool]  # status, headers, body, whether the connection stays open
STARTS = (
    *("HTTP/1.1 200 OK",) * 8,
    *(
        "HTTP/1.0 200 OK",
        "HTTP/1.1 201",
        "HTTP/1.1  400  Bad",
        "HTTP/1.1 204 X",
        "HTTP/1.1 304 X",
        "HTTP/1.1 101 X",
    ),
    *(
        "HTTP/1.1 429 \xe9",
        "HTTP/1.1 999 X",
        "HTTP/1.1 99 X",
        "HTTP/1.1 1000 X",
        "HTTP/2 200 OK",
        "HTTP/1.1 abc",
    ),
    *("200 OK", "", "HTTP/1.1\t200\tOK", "HTTP/1.1 0200 X", "http/1.1 200 OK", "HTTP/1.1 503 a\rb"),
)
LINES = (
    *("Content-Length: 5",) * 4,
    *(
        f"Content-Length: {value}"
        for value in ("0", "12", "-1", "x", "+5", "5, 5", "", "5_0", "005", "9" * 20)
    ),
    *("content-length:5 ", "CONTENT-LENGTH:\t5", "Content-Length : 5", "Content-Length:\r\n 5"),
    *(f"Transfer-Encoding: {value}" for value in ("chunked", "Chunked", "identity", "gzip, chunked", "gzip")),
    *(
        f"Connection: {value}"
        for value in ("close", "keep-alive", "Close", "upgrade", "keep-alive, close", "")
    ),
    *(f"Retry-After: {value}" for value in ("5", "7", "\r\n 120", "1\r\n\t20")),
    *(
        "Date: Mon, 23 Nov\r\n 2026 09:30:00 GMT",
        "date:x",
        "X: y",
        "X-Empty:",
        ": x",
        "X: \xe9\xff",
        "X: a\0b",
    ),
    *("no header", " folded", "X Y: z", "\xe9: x", "X:\x0b\x0cy", "X: \x85y", f"Y: {'y' * 3000}"),
)
BODIES = (
    *(b"hello",) * 4,
    *(
        b"",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: u\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"zz\r\n",
    ),
    *(
        b"5\r\nhel",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n",
        b"hello, more",
    ),
)


def generated(chance: random.Random) -> bytes:
    end = chance.choice(("\r\n", "\r\n", "\r\n", "\n"))
    lines = [chance.choice(LINES) for _ in range(chance.choice((0, 1, 2, 2, 3, 4)))]
    if chance.random() < 0.02:
        lines += ["Z: z"] * chance.choice((95, 98, 99, 100, 150))
    head = end.join([chance.choice(STARTS), *lines, "", ""])
    whole = head.encode("latin-1") + chance.choice(BODIES)
    return whole if chance.random() < 0.9 else whole[: chance.randrange(len(whole) + 1)]


def by_us(data: bytes) -> Read | None:
    try:
        with answer(data) as found:
            headers = [
                " ".join(value.split()) for name in ("retry-after", "date") for value in found.all(name)
            ]
            try:
                body = b"".join(found.body())
            except HTTPException:
                body = None
            return found.status, headers, body, found.leaves_open()
    except (HTTPException, ConnectionError):
        return None


def by_http_client(data: bytes) -> Read | None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(PATIENCE_SECONDS)
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        with HTTPResponse(ours, method="POST") as found:
            try:
                found.begin()
            except (HTTPException, ConnectionError):
                return None
            values = [*found.headers.get_all("Retry-After", []), *found.headers.get_all("Date", [])]
            headers = [" ".join(value.split()) for value in values]
            try:
                body = found.read()
            except (HTTPException, ValueError, OverflowError):
                return found.status, headers, None, False
            return found.status, headers, body, found.isclosed() and not found.will_close


@pytest.mark.parametrize("seed", range(3))
def test_what_we_make_of_an_answer_http_client_makes_of_it_too(seed: int) -> None:
    chance, same = random.Random(seed), 0
    for _ in range(COUNT):
        data = generated(chance)
        ours, theirs = by_us(data), by_http_client(data)
        same += ours == theirs
        if ours is None:
            continue
        assert theirs is not None, data
        assert ours[:2] == theirs[:2], data
        if ours[3] and ours[2]:
            assert ours == theirs, data

    assert same > COUNT / 2
