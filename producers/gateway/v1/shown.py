"""Errors as a tenant may see them: without the names of other accounts and of endpoints."""

from collections.abc import Iterable, Mapping
from typing import Any

from pec.problems import problem
from producers.gateway.auth import Caller
from producers.gateway.v1.names import sees_all

_NAMELESS = {"unknown_account": "no_account_known", "unknown_endpoint": "no_endpoint_known"}


def shown_errors(caller: Caller, errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the errors of a rejected job, without the names that only every-account tokens may know."""
    return [dict(one) if sees_all(caller) else _without_names(one) for one in errors]


def _without_names(error: Mapping[str, Any]) -> dict[str, Any]:
    other = _NAMELESS.get(str(error.get("code")))
    return problem(str(error["field"]), other).as_dict() if other else dict(error)
