"""Calls to the API that are not sends: paced for each token, their errors turned into what the caller does next."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from pec.api.client import Mailbox
from pec.api.errors import ApiError, Denied, Invalid, NotFound, Unreachable
from pec.receipts import Mail
from pec.store import accounts, pacing
from pec.store.clock import local_clock
from pec.store.pacing import Slot
from workers.context import WorkerContext

NEXT_SECONDS = (
    0.05  # so near is the slot that a call takes which yields; farther, if the pace has longer intervals
)
ROOM_NOT_STATED = ("missing", "invalid", "scope")  # refusals of the quota call that prove nothing
T = TypeVar("T")
log = structlog.get_logger()


class MailboxUnavailable(Exception):
    """The mailbox could not be read now; `code` says why. Look again later."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def call(
    ctx: WorkerContext,
    account: str,
    ask: Callable[[Mailbox], T],
    *,
    scope_pauses: bool = True,
    yields: bool = False,
) -> T:
    """Make the call when the token's pace for reads allows it. With `yields`, let other calls go first.

    A refused credential pauses the account. So does a missing scope, unless sends can do without the call.
    Raise NotServed, MailboxUnavailable after such a refusal or without a free slot, and any other ApiError.
    """
    mailbox = ctx.mailbox(account)
    _wait(ctx, account, yields=yields)
    try:
        return ask(mailbox)
    except (NotFound, Invalid):
        raise
    except ApiError as error:
        if isinstance(error, Unreachable):
            ctx.api_reach.doubt(ctx.now())
        if scope_pauses:  # the receipts' own call
            accounts.set_unreadable(ctx.store, account, error.reason, ctx.now())
        if not isinstance(error, Denied):
            raise
        if error.code == "scope" and not scope_pauses:
            log.error("scope_missing", account=account, details=error.details)
        elif accounts.pause(ctx.store, account, error.reason):
            log.error("account_paused", account=account, code=error.code)
        raise MailboxUnavailable(error.code) from None


def call_optional(ctx: WorkerContext, account: str, ask: Callable[[Mailbox], T]) -> T:
    """Make a call that sends can do without. Raise NotServed, and MailboxUnavailable for every other failure."""
    try:
        return call(ctx, account, ask, scope_pauses=False)
    except ApiError as error:
        raise MailboxUnavailable(error.code) from None


def mails_of(ctx: WorkerContext, account: str, code: str, *, yields: bool = False) -> list[Mail]:
    """Return the mails that the mailbox has on a code: none yet is an empty list.

    Raise NotServed and MailboxUnavailable.
    """
    try:
        return call(ctx, account, lambda mailbox: ctx.client.receipts(mailbox, code), yields=yields)
    except NotFound:
        return []
    except ApiError as error:
        raise MailboxUnavailable(error.code) from None


def has_room(ctx: WorkerContext, account: str) -> bool:
    """Return whether receipts could have come in: that a full mailbox shows none proves nothing.

    If the API refuses to state the quota, return True. Raise NotServed and MailboxUnavailable.
    """
    try:
        quota = call_optional(ctx, account, ctx.client.quota)
    except MailboxUnavailable as error:
        if error.code in ROOM_NOT_STATED:
            return True
        raise
    return not quota.limit or quota.usage < quota.limit * ctx.settings.quota.pause_ratio


def _wait(ctx: WorkerContext, account: str, *, yields: bool) -> None:
    slot = _slot(ctx, account, yields=yields)
    remaining = ctx.clock.local(slot.at) - local_clock()
    if remaining > 0:
        time.sleep(remaining)


def _slot(ctx: WorkerContext, account: str, *, yields: bool) -> Slot:
    """Return a slot within two seconds. One that yields takes only a near one, so that others find theirs soon."""
    token, api, ends = ctx.token(account), ctx.settings.api, local_clock() + pacing.READS_AHEAD_SECONDS
    near = max(1 / api.read_rate, NEXT_SECONDS)
    ahead = min(near, pacing.READS_AHEAD_SECONDS) if yields else pacing.READS_AHEAD_SECONDS
    while True:
        asked_at = local_clock()
        slot = pacing.reserve_read(ctx.store, token, api, ahead)
        if isinstance(slot, Slot):
            ctx.clock.observe(slot.said_at, asked_at, local_clock())
            return slot
        if not yields or local_clock() + slot.wait_seconds > ends:
            raise MailboxUnavailable("reads_at_their_pace")
        time.sleep(max(slot.wait_seconds - ahead, 0.001))
