"""The gate before every operation: the bearer token, its rate and its scope."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pec.instants import from_epoch
from pec.store import tokens
from pec.store.store import wall_clock
from pec.store.tokens import TooFast
from pec.tokens import Token, digest, id_in
from producers.gateway.context import Here
from producers.gateway.problems import Problem, forbidden, unauthorized

BEARER = HTTPBearer(auto_error=False, scheme_name="bearerAuth")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
_IPV6_NETWORK = 64  # bits: what one customer has


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is. `places` are where refused mailbox credentials are counted."""

    token: Token
    places: tuple[str, str]
    slowed_seconds: float

    def may_use(self, account: str) -> bool:
        return self.token.may_use(account)


def caller_with(scope: str) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """Return a dependency that admits tokens with this scope. It runs before the body is read.

    It raises a Problem: 401 for no token of ours, 403 for a missing scope, 429 for too many requests.
    """

    async def admitted(request: Request, bearer: Bearer, gateway: Here) -> Caller:
        token_id = id_in(bearer.credentials) if bearer else None
        if bearer is None or token_id is None:
            raise unauthorized()
        places = f"token:{token_id}", f"address:{_network(request)}"
        sha256, at = digest(bearer.credentials), from_epoch(wall_clock())
        judged = await run_in_threadpool(tokens.admit, gateway.store, token_id, sha256, at, places)
        if judged is None:
            raise unauthorized()
        if isinstance(judged, TooFast):
            detail = "the token's rate is used up: wait as Retry-After says"
            raise Problem(429, "too_fast", detail, retry_after_seconds=judged.wait_seconds)
        if not judged.token.allows(scope):
            raise forbidden(scope)
        return Caller(judged.token, places, judged.slowed_seconds)

    return admitted


def _network(request: Request) -> str:
    """Return the client's address; of IPv6 the network, in which one client has every address."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(ip_network((address, _IPV6_NETWORK), strict=False))
