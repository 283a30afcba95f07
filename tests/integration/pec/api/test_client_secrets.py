"""No password or token in an error, in what it is chained to, or in a log, whatever a server echoes."""

import json
import logging
import traceback
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
from pydantic import SecretStr

from pec.api.client import Mailbox, Outgoing, PecClient, encode
from pec.api.errors import ApiError, Denied
from tests.integration.pec.api.clients import PASSWORD, TOKEN, Connect, at_once
from tests.wire import Peer, Wire, answering

OUTGOING = Outgoing("me@pec.example", ("you@pec.example",), "s", "b")
SPELLINGS = [
    spelling
    for secret in (PASSWORD, TOKEN)
    for spelling in (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret).replace("/", r"\/")[1:-1],
        quote_plus(secret),
    )
]


def echo(status: int) -> Callable[[Peer], None]:
    """Answers with the request itself: its headers and its body."""

    def script(peer: Peer) -> None:
        request = peer.read()
        headers = {name: value.encode("latin-1").decode() for name, value in request.headers.items()}
        peer.answer(
            status, {"success": False, "message": {"headers": headers, "body": request.body.decode()}}
        )

    return script


def echo_in_the_status_line(peer: Peer) -> None:
    peer.read()
    peer.say(f"{PASSWORD} {TOKEN}\r\n\r\n".encode())


def echo_in_a_chunk_length(peer: Peer) -> None:
    peer.read()
    peer.say(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + f"{PASSWORD} {TOKEN}\r\n".encode())


def echo_url_encoded(peer: Peer) -> None:
    peer.read()
    peer.answer(500, f"password={quote_plus(PASSWORD)}&token={quote_plus(TOKEN)}".encode())


SCRIPTS: dict[str, Callable[[Peer], None]] = {
    **{str(status): echo(status) for status in (200, 302, 400, 401, 402, 403, 404, 429, 500)},
    "garbage": echo_in_the_status_line,
    "chunk": echo_in_a_chunk_length,
    "url": echo_url_encoded,
    "reset": Peer.reset,
}


def send(client: PecClient, mailbox: Mailbox) -> object:
    return client.send(mailbox, encode(OUTGOING, mailbox), at_once)


def read(client: PecClient, mailbox: Mailbox) -> object:
    return client.receipts(mailbox, "2020082610003492")


def delete(client: PecClient, mailbox: Mailbox) -> None:
    client.delete_inbox_message(mailbox, 1)


def shown_of(error: BaseException) -> str:
    """All that a log, a report or a debugger's first look shows of an error."""
    parts = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    return "\n".join(parts).replace(r"\\", "\\")


@pytest.mark.parametrize("call", [send, read, delete])
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_no_secret_in_an_error_or_a_log(
    connect: Connect,
    mailbox: Mailbox,
    call: Callable[[PecClient, Mailbox], object],
    script: Callable[[Peer], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with Wire(script) as wire, pytest.raises(ApiError) as caught:
        call(connect(wire.url), mailbox)
    shown = shown_of(caught.value) + caplog.text
    assert [spelling for spelling in SPELLINGS if spelling in shown] == []
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_what_the_server_said_beside_the_secret_is_kept(connect: Connect, mailbox: Mailbox) -> None:
    refusal = {"success": False, "message": f"MySQL Error 7 near {TOKEN}"}
    with Wire(answering(500, refusal)) as wire, pytest.raises(ApiError) as caught:
        read(connect(wire.url), mailbox)
    assert "MySQL Error 7 near …" in caught.value.details["excerpt"]


@pytest.mark.parametrize("call", [send, read, delete])
@pytest.mark.parametrize("token", ["s3cr\net", "s3cr\0et", "s3cr\ret"])
def test_a_token_that_no_header_can_hold_is_denied_without_being_quoted(
    connect: Connect, call: Callable[[PecClient, Mailbox], object], token: str
) -> None:
    mailbox = Mailbox("me@pec.example", "me", SecretStr("password"), SecretStr(token))
    with pytest.raises(Denied) as caught:
        call(connect("http://nobody.invalid"), mailbox)
    assert "s3cr" not in shown_of(caught.value)


@pytest.mark.parametrize("call", [read, delete])
@pytest.mark.parametrize("password", ["s3cr\net", " s3cret"])
def test_so_is_a_password_where_it_travels_in_a_header(
    connect: Connect, call: Callable[[PecClient, Mailbox], object], password: str
) -> None:
    mailbox = Mailbox("me@pec.example", "me", SecretStr(password), SecretStr("token"))
    with pytest.raises(Denied) as caught:
        call(connect("http://nobody.invalid"), mailbox)
    assert "s3cr" not in shown_of(caught.value)


def test_nothing_shows_a_secret_in_its_repr(mailbox: Mailbox) -> None:
    assert PASSWORD not in repr(mailbox)
    assert TOKEN not in repr(mailbox)
