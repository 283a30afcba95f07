"""Errors as a tenant may see them: without the names of other accounts and of endpoints."""

from collections.abc import Iterable, Mapping
from typing import Any

from producers.gateway.auth import Caller
from producers.gateway.tenants import without_names
from producers.gateway.v1.names import sees_all


def shown_errors(caller: Caller, errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the errors of a rejected job: with all names only for a token of every account."""
    return [dict(one) for one in errors] if sees_all(caller) else without_names(errors)
