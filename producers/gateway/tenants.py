"""Which account an event, a job or a name is about: what the gateway lets a token see. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from pec.problems import problem

SEPARATOR = ":"  # between an account, whose name holds none, and the name of a message or batch
_NAMELESS = {"unknown_account": "no_account_known", "unknown_endpoint": "no_endpoint_known"}


def account_in(name: str) -> str | None:
    """Return the account that a name stands under, or None."""
    account, found, _ = name.partition(SEPARATOR)
    return account if found else None


def account_of(stated: Mapping[str, Any]) -> str | None:
    """Return the account that an event's data or a rejected job is about, or None if it is of no account."""
    if account := stated.get("account"):
        return str(account)
    return next((account_in(str(stated[one])) for one in ("id", "batch") if stated.get(one)), None)


def without_names(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the errors of a rejected job without the names of other accounts and of endpoints."""
    return [_without_names(one) for one in errors]


def _without_names(error: Mapping[str, Any]) -> dict[str, Any]:
    other = _NAMELESS.get(str(error.get("code")))
    return problem(str(error["field"]), other).as_dict() if other else dict(error)
