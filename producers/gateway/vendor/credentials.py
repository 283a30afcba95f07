"""Mailbox credentials of old requests: compared with the configured ones in constant time, and kept nowhere."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header

from config.settings import Account
from pec.store import tokens
from producers.gateway.auth import Caller
from producers.gateway.context import Gateway
from producers.gateway.problems import Problem, unauthorized


@dataclass(frozen=True, slots=True)
class Credentials:
    """The pair in a request's headers."""

    username: str
    password: str = field(repr=False)


def _in_headers(
    x_username: Annotated[str, Header(description="Username of Email to check")],
    x_password: Annotated[str, Header(description="Password of Email to check")],
) -> Credentials:
    return Credentials(_as_utf8(x_username), _as_utf8(x_password))


InHeaders = Annotated[Credentials, Depends(_in_headers)]


def accounts_opened(gateway: Gateway, caller: Caller, credentials: Credentials) -> dict[str, Account]:
    """Return the accounts that the pair opens and the token may use, at least one.

    Raise a Problem: 401 for a wrong pair, which slows the next ones down, 429 while they are slowed down.
    """
    if caller.slowed_seconds > 0:
        detail = "too many wrong mailbox credentials: wait as Retry-After says"
        raise Problem(429, "too_fast", detail, retry_after_seconds=caller.slowed_seconds)
    given = _digest(credentials)
    opened = {
        name: account
        for name, account in gateway.settings.accounts.items()
        if hmac.compare_digest(
            given, _digest(Credentials(account.username, account.password.get_secret_value()))
        )
        & caller.may_use(name)
    }
    if not opened:
        tokens.slow_down(gateway.store, *caller.places)
        raise unauthorized()
    return opened


def account_of_sender(opened: dict[str, Account], sender: str) -> str:
    """Return the account that sends from this address. Raise a 401 Problem if none of them does."""
    for name, account in opened.items():
        if account.sender.lower() == sender.lower():
            return name
    raise unauthorized()


def _digest(pair: Credentials) -> bytes:
    """Return a digest of the pair: all have one length, so each comparison takes the same time."""
    name, word = pair.username.encode(), pair.password.encode()
    return sha256(b"%d:%b%b" % (len(name), name, word)).digest()


def _as_utf8(header: str) -> str:
    """Decode a header again: headers are read as Latin-1, and clients send other letters in UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header
