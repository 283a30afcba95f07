"""Tokens, scopes, mailboxes and pace, without any HTTP."""

import pytest

from sandbox.access import (
    SCOPES,
    Credentials,
    Pace,
    mailbox_opened_by,
    may_send,
    parse_credentials,
    parse_token,
)
from sandbox.clock import Instant

KNOWN = (Credentials("Studio@pec.example", "user", "secret"),)


def at(seconds: float) -> Instant:
    return Instant(seconds, 0.0)


@pytest.mark.parametrize("text", ["plain", "cGFkZGVk==", "with=inside", "=leading"])
def test_a_token_alone_has_every_scope(text: str) -> None:
    assert parse_token(text) == (text, SCOPES)


def test_a_token_can_have_some_scopes() -> None:
    assert parse_token("cGFk==GET:send,POST:send") == ("cGFk=", frozenset({"GET:send", "POST:send"}))


@pytest.mark.parametrize("text", ["t=GET:sned", "t=POST:inbox", "t=GET:send,"])
def test_a_scope_that_does_not_exist_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="unknown scope"):
        parse_token(text)


def test_credentials_are_address_username_and_a_password_that_may_hold_colons() -> None:
    assert parse_credentials("a@x:user:se:cret") == Credentials("a@x", "user", "se:cret")


@pytest.mark.parametrize("text", ["", "a@x", "a@x:user", "a@x::secret", ":user:secret"])
def test_half_credentials_are_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="ADDRESS:USERNAME:PASSWORD"):
        parse_credentials(text)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(KNOWN)


def test_known_mailboxes_open_to_their_credentials_alone() -> None:
    assert mailbox_opened_by(KNOWN, "user", "secret", {}) == "Studio@pec.example"
    assert mailbox_opened_by(KNOWN, "user", "wrong", {}) is None
    assert mailbox_opened_by(KNOWN, "Studio@pec.example", "secret", {}) is None


def test_without_known_mailboxes_a_username_names_its_own() -> None:
    assert mailbox_opened_by((), "any@x", "any", {}) == "any@x"
    assert mailbox_opened_by((), "any@x", "", {}) is None
    assert mailbox_opened_by((), "", "any", {}) is None


def test_only_the_owner_of_a_known_mailbox_sends_from_it() -> None:
    assert may_send(KNOWN, "studio@PEC.example", "user", "secret")
    assert not may_send(KNOWN, "other@pec.example", "user", "secret")
    assert not may_send(KNOWN, "studio@pec.example", "user", "wrong")
    assert may_send((), "anyone@x", "any", "any")
    assert not may_send((), "anyone@x", "any", "")


def test_sends_pass_at_the_interval_and_not_sooner() -> None:
    pace = Pace(rate=2)

    assert pace.seconds_too_early("t", at(10)) == 0
    assert pace.seconds_too_early("t", at(10.2)) == pytest.approx(0.3)
    assert pace.seconds_too_early("t", at(10.5)) == 0
    assert pace.seconds_too_early("t", at(10.999)) == pytest.approx(0.001)


def test_an_excess_does_not_put_off_the_next() -> None:
    pace = Pace(rate=1)
    pace.seconds_too_early("t", at(0))
    pace.seconds_too_early("t", at(0.999))

    assert pace.seconds_too_early("t", at(1)) == 0


def test_time_without_sends_saves_nothing_up() -> None:
    pace = Pace(rate=1)
    pace.seconds_too_early("t", at(0))

    assert pace.seconds_too_early("t", at(100)) == 0
    assert pace.seconds_too_early("t", at(100.5)) == 0.5


def test_tokens_do_not_wait_for_each_other() -> None:
    pace = Pace(rate=1)

    assert pace.seconds_too_early("one", at(0)) == 0
    assert pace.seconds_too_early("two", at(0)) == 0


def test_a_user_name_that_is_no_address_opens_the_mailbox_it_sent_from() -> None:
    assert mailbox_opened_by((), "acme", "any", {"acme": "acme@pec.example"}) == "acme@pec.example"
    assert mailbox_opened_by((), "other", "any", {"acme": "acme@pec.example"}) == "other"
