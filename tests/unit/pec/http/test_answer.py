"""Heads and bodies of answers: what leaves the connection usable, and what is refused."""

from http.client import HTTPException, IncompleteRead

import pytest

from pec.http.answer import HeadTooLong, TooManyInterim
from tests.unit.pec.http.answers import answer


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200\nCONTENT-LENGTH:2\n\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 2 \r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Identity\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            b"ok",
        ),
        (b"HTTP/1.1 204 X\r\n\r\n", b""),
        (b"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n", b""),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (
            b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\no\r\n1\r\nk\r\n0\r\nT: u\r\n\r\n",
            b"ok",
        ),
        (b"HTTP/1.1 103 X\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    ],
)
def test_after_a_whole_answer_the_connection_is_usable(data: bytes, body: bytes) -> None:
    with answer(data) as found:
        assert not found.leaves_open()
        assert b"".join(found.body()) == body
        assert found.leaves_open()


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nok", b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nConnection: close\r\n\r\nok",
            b"ok",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length : 5\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\rb\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", b"ok"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n", b""),
        (b"HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\nanything", b"anything"),
    ],
)
def test_an_answer_can_be_whole_and_the_connection_over(data: bytes, body: bytes) -> None:
    with answer(data) as found:
        assert b"".join(found.body()) == body
        assert not found.leaves_open()


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 3\r\n\r\nok",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nokXX0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-2\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2" + b";" * 10_000 + b"\r\nok\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"T: u\r\n" * 20_000 + b"\r\n",
    ],
)
def test_a_body_that_is_cut_or_unclear_is_refused(rest: bytes) -> None:
    with answer(b"HTTP/1.1 200 OK\r\n" + rest) as found:
        assert found.status == 200
        with pytest.raises(HTTPException):
            list(found.body())
        assert not found.leaves_open()


def test_what_came_of_a_cut_body_comes_before_the_error() -> None:
    with answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok") as found:
        pieces = found.body()
        assert next(pieces) == b"ok"
        with pytest.raises(IncompleteRead):
            next(pieces)


def test_the_values_of_a_header_keep_their_order_and_folds_become_blanks() -> None:
    head = (
        b"HTTP/1.1 429 X\r\nretry-after: 7\r\nDate: Mon, 30\r\n\tNov 2026\r\nRETRY-AFTER:  9 \r\n: x\r\n\r\n"
    )
    with answer(head) as found:
        assert found.status == 429
        assert found.all("retry-after") == ["7", "9"]
        assert found.all("date") == ["Mon, 30 Nov 2026"]
        assert found.all("location") == []


def test_headers_after_a_line_that_is_none_are_ignored() -> None:
    with answer(b"HTTP/1.1 429 X\r\nDate: a\r\nno header\r\nRetry-After: 7\r\n\r\n") as found:
        assert (found.all("date"), found.all("retry-after")) == (["a"], [])


@pytest.mark.parametrize(
    "lines", [b"A: b\r\n" * 100, b"A: " + b"b" * 65_536 + b"\r\n", (b"A: " + b"b" * 1000 + b"\r\n") * 66]
)
def test_too_many_or_too_long_headers_are_refused(lines: bytes) -> None:
    with pytest.raises(HeadTooLong), answer(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"):
        pass


def test_a_head_may_be_as_long_as_the_limit() -> None:
    with answer(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 98 + b"B: " + b"b" * 60_000 + b"\r\n\r\n") as found:
        assert found.all("b") == ["b" * 60_000]


def test_interim_answers_are_counted() -> None:
    interim, final = b"HTTP/1.1 102 X\r\n\r\n", b"HTTP/1.1 204 X\r\n\r\n"
    with answer(interim * 20 + final) as found:
        assert found.status == 204
    with pytest.raises(TooManyInterim), answer(interim * 21 + final):
        pass


def test_the_heads_of_interim_answers_share_one_limit() -> None:
    interim = b"HTTP/1.1 102 X\r\nA: " + b"a" * 30_000 + b"\r\n\r\n"
    with pytest.raises(HeadTooLong), answer(interim * 3 + b"HTTP/1.1 204 X\r\n\r\n"):
        pass


def test_a_status_line_that_never_ends_is_refused() -> None:
    with pytest.raises(HeadTooLong), answer(b"HTTP/1.1 200 " + b"X" * 70_000):
        pass
