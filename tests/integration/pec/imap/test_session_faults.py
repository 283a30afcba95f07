"""Sessions with a server that breaks the protocol, hangs up or is slow: each ends in time, with a code."""

import re
import time
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from pec.imap import session as sessions
from pec.imap.errors import ImapUnavailable, LoginRefused
from pec.imap.server import Server
from pec.imap.session import Session
from tests.wire import Peer, Wire

Answers = dict[bytes, Callable[[Peer, bytes], None]]


def serving(answers: Answers) -> Wire:
    """A server that logs everybody in, opens a folder, and answers the other commands by the script."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 UIDPLUS IDLE] ready\r\n")
        while True:
            line = peer.read_line()
            tag, command = re.fullmatch(rb"(\S+) (UID \w+|\w+).*\r\n", line).groups()  # type: ignore[union-attr]
            if command in answers:
                answers[command](peer, tag)
            elif command == b"EXAMINE":
                peer.say(b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n")
                peer.say(tag + b" OK [READ-ONLY] .\r\n")
            elif command == b"CAPABILITY":
                peer.say(b"* CAPABILITY IMAP4rev1 UIDPLUS IDLE\r\n" + tag + b" OK .\r\n")
            else:
                peer.say(tag + b" OK .\r\n")

    return Wire(script)


def opened(wire: Wire, password: str = "p") -> Session:
    port = int(wire.url.rpartition(":")[2])
    return Session.open(Server("127.0.0.1", port, False, "acme", SecretStr(password)))


def test_a_connection_cut_in_the_middle_of_a_mail_gives_no_mail() -> None:
    def cut(peer: Peer, _tag: bytes) -> None:
        peer.say(b"* 1 FETCH (UID 1 BODY[] {1000}\r\nFrom: a@pec.example\r\n")
        peer.reset()

    with serving({b"UID FETCH": cut}) as wire:
        session = opened(wire)
        assert session.examine("INBOX").next_uid is None
        with pytest.raises(ImapUnavailable) as broken:
            session.mails([1], 1000)

    assert broken.value.code == "hung_up"
    assert not session.is_open


def test_a_server_that_drips_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "WAIT_SECONDS", 0.5)

    def drip(peer: Peer, _tag: bytes) -> None:
        peer.say(b"* 1 FETCH (UID 1 BODY[] {100000000}\r\n")
        peer.drip(b"x", 0.05)

    with serving({b"UID FETCH": drip}) as wire:
        session = opened(wire)
        session.examine("INBOX")
        started = time.monotonic()
        with pytest.raises(ImapUnavailable) as slow:
            session.mails([1], 1000)

    assert slow.value.code == "timeout"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n",  # more than any mail
        b"* SEARCH " + b"1 " * 600_000 + b"\r\n",  # more than the library takes
        b"* 1 FETCH (UID 1 BODY[\r\n",
        b"* 1 FETCH )))((( {3}\r\nabc\r\n",
        b"gibberish without a meaning\r\n",
        b"* 1 FETCH (UID one RFC822.SIZE 4)\r\n",
    ],
)
def test_an_answer_that_is_none_ends_the_session(answer: bytes) -> None:
    def garble(peer: Peer, tag: bytes) -> None:
        peer.say(answer)
        peer.say(tag + b" OK .\r\n")

    with serving({b"UID FETCH": garble, b"UID SEARCH": garble}) as wire:
        session = opened(wire)
        session.examine("INBOX")
        with pytest.raises(ImapUnavailable):
            session.summaries(session.uids(1, 5) or [1])

    assert not session.is_open


def test_answers_about_other_mails_are_ignored() -> None:
    def chatter(peer: Peer, tag: bytes) -> None:
        peer.say(b"* 9 FETCH (UID 9 FLAGS (\\Seen))\r\n* 1 FETCH (FLAGS (\\Seen))\r\n")
        peer.say(b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n" + tag + b" OK .\r\n")

    with serving({b"UID FETCH": chatter}) as wire:
        session = opened(wire)
        session.examine("INBOX")

        assert session.mails([1], 3) == {1: b"abc"}
        session.close()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"NO [AUTHENTICATIONFAILED] Authentication failed.", LoginRefused),
        (b"NO [EXPIRED] Password expired", LoginRefused),
        (b"NO Login failed", LoginRefused),
        (b"NO account temporarily locked: too many attempts", LoginRefused),
        (b"BAD LOGIN is disabled", LoginRefused),
        (b"NO [UNAVAILABLE] Temporary authentication failure", ImapUnavailable),
        (b"NO [LIMIT] Maximum number of connections exceeded", ImapUnavailable),
        (b"NO Too many simultaneous connections", ImapUnavailable),
    ],
)
def test_a_refused_login_differs_from_one_that_may_be_tried_again(said: bytes, expected: type) -> None:
    with (
        serving({b"LOGIN": lambda peer, tag: peer.say(tag + b" " + said + b"\r\n")}) as wire,
        pytest.raises(expected),
    ):
        opened(wire)


def test_a_refusal_that_repeats_the_password_does_not_show_it() -> None:
    with (
        serving({b"LOGIN": lambda peer, tag: peer.say(tag + b" NO s3cret is wrong\r\n")}) as wire,
        pytest.raises(LoginRefused) as refused,
    ):
        opened(wire, "s3cret")

    assert "s3cret" not in refused.value.description


def test_a_server_that_hangs_up_while_idle_ends_the_session() -> None:
    def idle(peer: Peer, _tag: bytes) -> None:
        peer.say(b"+ idling\r\n* BYE maintenance\r\n")

    with serving({b"IDLE": idle}) as wire:
        session = opened(wire)
        session.examine("INBOX")
        session.begin_idle()
        with pytest.raises(ImapUnavailable):
            session.arrived(5)

    assert not session.is_open
