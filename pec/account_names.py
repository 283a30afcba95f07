"""The account that a job, an event or a name is about. Pure."""

from collections.abc import Mapping
from typing import Any

SEPARATOR = ":"  # between an account, whose name holds none, and the name of a message or batch


def account_in(name: str) -> str | None:
    """Return the account that a name stands under, or None."""
    account, found, _ = name.partition(SEPARATOR)
    return account if found else None


def account_of(stated: Mapping[str, Any]) -> str | None:
    """Return the account that an event's data or a rejected job is about, or None if it is of no account."""
    if account := stated.get("account"):
        return str(account)
    return next((account_in(str(stated[one])) for one in ("id", "batch") if stated.get(one)), None)
