"""Calls to the vendor's API for an old client: at the pace of reads, with errors in the vendor's words."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

import structlog
from pydantic import SecretStr

from pec.api import vendor_words
from pec.api.client import Mailbox, PecClient
from pec.api.errors import ApiError, Denied, Invalid, NotFound, RateLimited
from pec.store import pacing
from pec.store.pacing import TooEarly
from producers.gateway.auth import Caller
from producers.gateway.context import Gateway
from producers.gateway.problems import Problem, unauthorized, unavailable
from producers.gateway.vendor.credentials import Credentials, accounts_opened

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upstream:
    """The API, asked about one mailbox."""

    gateway: Gateway
    account: str

    @classmethod
    def opened_by(cls, gateway: Gateway, caller: Caller, credentials: Credentials) -> Self:
        """Return the mailbox that the credentials open. Raise a Problem if they open none."""
        return cls(gateway, next(iter(accounts_opened(gateway, caller, credentials))))

    def ask(self, question: Callable[[PecClient, Mailbox], T]) -> T:
        """Return the API's answer, at the pace of reads. Raise a Problem for any other answer."""
        settings = self.gateway.settings
        account, token = settings.accounts[self.account], settings.token_of(self.account)
        _wait(self.gateway, token)
        mailbox = Mailbox(account.sender, account.username, account.password, SecretStr(token))
        try:
            return question(self.gateway.client, mailbox)
        except ApiError as error:
            log.warning("api_refused", account=self.account, code=error.code, details=dict(error.details))
            raise _problem(error) from None


def _wait(gateway: Gateway, token: str) -> None:
    slot = pacing.reserve_read(gateway.store, pacing.digest(token), gateway.settings.api)
    if isinstance(slot, TooEarly):
        raise Problem(429, "too_fast", vendor_words.TOO_FAST, retry_after_seconds=slot.wait_seconds)
    time.sleep(max(0.0, slot.at - slot.said_at))  # until the reserved slot; only this thread waits


def _problem(error: ApiError) -> Problem:
    match error:
        case NotFound():
            return Problem(404, "not_found", vendor_words.MESSAGE_NOT_FOUND)
        case Invalid():
            return Problem(400, "mailbox_unavailable", vendor_words.MAILBOX_UNAVAILABLE)
        case Denied(code="credentials"):
            return unauthorized()
        case RateLimited():
            wait = float(error.details.get("retry_after_seconds", 1.0))
            return Problem(429, "too_fast", vendor_words.TOO_FAST, retry_after_seconds=wait)
        case _:
            return unavailable("the PEC Massiva API gives no usable answer now")
