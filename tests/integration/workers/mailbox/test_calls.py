"""Calls that read a mailbox, on a real server: what a failed one leaves for operators to see."""

from typing import Any

import pytest
from redis import Redis

from config.settings import Settings
from pec.api.client import Mailbox, PecClient
from pec.api.errors import ApiError, Denied, Invalid, NotFound, OutcomeUnknown, Unreachable
from pec.store import accounts
from pec.store.store import Store
from workers.context import WorkerContext
from workers.mailbox.calls import MailboxUnavailable, call, call_optional

ACCOUNT = {"sender": "me@pec.example", "username": "me", "password": "secret"}
SETTINGS = Settings.model_validate(
    {"api": {"token": "token", "read_rate": 1000}, "accounts": {"acme": ACCOUNT}}
)


@pytest.fixture
def ctx(redis: Redis) -> WorkerContext:
    return WorkerContext(SETTINGS, Store(redis, "pec"), PecClient(SETTINGS.api))


def failing(error: ApiError) -> Any:
    def call(mailbox: Mailbox) -> None:
        raise error

    return call


@pytest.mark.parametrize("error", [OutcomeUnknown("status", status=500), Denied("credentials")])
def test_a_mailbox_whose_receipts_can_not_be_read_says_why_and_when(
    ctx: WorkerContext, error: ApiError
) -> None:
    with pytest.raises((ApiError, MailboxUnavailable)):
        call(ctx, "acme", failing(error))

    state = accounts.state_of(ctx.store, "acme")
    assert state.unreadable is not None
    assert state.unreadable.code == error.code
    assert state.unreadable_at is not None
    assert abs((ctx.now() - state.unreadable_at).total_seconds()) < 5


@pytest.mark.parametrize("error", [NotFound("missing"), Invalid("invalid")])
def test_an_answer_that_says_no_is_an_answer(ctx: WorkerContext, error: ApiError) -> None:
    with pytest.raises(type(error)):
        call(ctx, "acme", failing(error))

    assert accounts.state_of(ctx.store, "acme").unreadable is None


@pytest.mark.parametrize(
    ("error", "is_good"), [(Unreachable("timeout"), False), (Denied("credentials"), True)]
)
def test_a_call_that_does_not_reach_the_api_starts_a_doubt_and_an_answer_does_not(
    ctx: WorkerContext, error: ApiError, is_good: bool
) -> None:
    with pytest.raises((ApiError, MailboxUnavailable)):
        call(ctx, "acme", failing(error))

    assert ctx.api_reach.is_good is is_good


def test_a_call_that_sends_can_do_without_says_nothing_of_receipts(ctx: WorkerContext) -> None:
    with pytest.raises(MailboxUnavailable):
        call_optional(ctx, "acme", failing(Denied("scope")))

    assert accounts.state_of(ctx.store, "acme").unreadable is None
