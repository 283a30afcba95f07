"""Calls that read a mailbox, on a real server: what a failed one leaves for operators to see."""

from typing import Any

import pytest
from redis import Redis

from config.settings import Settings
from pec.api.client import Mailbox, PecClient
from pec.api.errors import ApiError, Denied, Invalid, NotFound, Unknown
from pec.store import accounts
from pec.store.store import Store
from workers.calls import Unreadable, paced, readable
from workers.kit import Kit

ACCOUNT = {"sender": "me@pec.example", "username": "me", "password": "secret"}
SETTINGS = Settings.model_validate(
    {"api": {"token": "token", "read_rate": 1000}, "accounts": {"acme": ACCOUNT}}
)


@pytest.fixture
def kit(redis: Redis) -> Kit:
    return Kit(SETTINGS, Store(redis, "pec"), PecClient(SETTINGS.api))


def failing(error: ApiError) -> Any:
    def call(mailbox: Mailbox) -> None:
        raise error

    return call


@pytest.mark.parametrize("error", [Unknown("http-500", "the API answered 500"), Denied("credentials", "401")])
def test_a_mailbox_whose_receipts_can_not_be_read_says_why_and_when(kit: Kit, error: ApiError) -> None:
    with pytest.raises((ApiError, Unreadable)):
        paced(kit, "acme", failing(error))

    state = accounts.state_of(kit.store, "acme")
    assert state.unreadable is not None
    assert state.unreadable.code == error.code
    assert state.unreadable_at is not None
    assert abs((kit.now() - state.unreadable_at).total_seconds()) < 5


@pytest.mark.parametrize("error", [NotFound("not-found", "404"), Invalid("invalid", "400")])
def test_an_answer_that_says_no_is_an_answer(kit: Kit, error: ApiError) -> None:
    with pytest.raises(type(error)):
        paced(kit, "acme", failing(error))

    assert accounts.state_of(kit.store, "acme").unreadable is None


def test_a_call_that_sends_can_do_without_says_nothing_of_receipts(kit: Kit) -> None:
    with pytest.raises(Unreadable):
        readable(kit, "acme", failing(Denied("scope", "403")))

    assert accounts.state_of(kit.store, "acme").unreadable is None
