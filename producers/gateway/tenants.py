"""Errors as tenants may see them: without the names of others. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from pec.problems import problem

_NAMELESS = {"unknown_account": "no_account_known", "unknown_endpoint": "no_endpoint_known"}


def without_names(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the errors of a rejected job without the names of other accounts and of endpoints."""
    return [_without_names(one) for one in errors]


def _without_names(error: Mapping[str, Any]) -> dict[str, Any]:
    other = _NAMELESS.get(str(error.get("code")))
    return problem(str(error["field"]), other).as_dict() if other else dict(error)
