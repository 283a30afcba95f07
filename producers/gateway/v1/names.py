"""Names of messages and batches under /v1: each stands under its account, so that tenants share none.

`inv-1` of the account `acme` is `acme:inv-1` in Redis, in events and in answers. No account's name holds a colon.
"""

from collections.abc import Mapping
from typing import Any

from pec.tokens import EVERY_ACCOUNT
from producers.gateway.auth import Caller

SEPARATOR = ":"


def own_name(account: str, name: str) -> str:
    """Return the name under its account. One that stands there already stays."""
    prefix = f"{account}{SEPARATOR}"
    return name if name.startswith(prefix) else prefix + name


def account_in(name: str) -> str | None:
    """Return the account that a name stands under, or None."""
    account, found, _ = name.partition(SEPARATOR)
    return account if found else None


def may_use_name(caller: Caller, name: str) -> bool:
    """Return whether a name without a record may be the caller's. One under no account is for tokens of all."""
    account = account_in(name)
    return caller.may_use(account) if account is not None else sees_all(caller)


def sees_all(caller: Caller) -> bool:
    return EVERY_ACCOUNT in caller.token.accounts


def account_of(stated: Mapping[str, Any]) -> str | None:
    """Return the account that an event's data or a rejected job is about, or None if it is of no account."""
    if account := stated.get("account"):
        return str(account)
    return next((account_in(str(stated[one])) for one in ("id", "batch") if stated.get(one)), None)
