"""A proxy's word about a request in front of the console: believed from trusted addresses only."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from config.settings import Console

REMOTE_USER = "pec.remote_user"  # in the scope: the user that a trusted proxy names


class TrustedProxy:
    """Puts the client's address, the scheme and the user into the scope, if a trusted proxy states them."""

    def __init__(self, app: ASGIApp, rules: Console) -> None:
        self._app = app
        self._networks = [ip_network(one) for one in rules.trusted_proxies]
        self._user_header = rules.trusted_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as the client made it."""
        if scope["type"] == "http" and scope.get("client") and is_among(scope["client"][0], self._networks):
            self._believe(scope, Headers(scope=scope))
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope, headers: Headers) -> None:
        forwarded = _addresses(headers.getlist("x-forwarded-for"))
        if forwarded:
            scope["client"] = (_client(forwarded, self._networks), 0)
        if headers.get("x-forwarded-proto", "") in ("http", "https"):
            scope["scheme"] = headers["x-forwarded-proto"]
        if self._user_header:
            named = headers.getlist(self._user_header)
            scope[REMOTE_USER] = named[0] if len(named) == 1 else None


def is_among(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Return whether an address lies in one of the networks."""
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:  # of a Unix socket, or nonsense
        return False


def _client(forwarded: Sequence[str], networks: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return the last address that is no proxy of ours: what stands before it, the client wrote."""
    others = [one for one in forwarded if not is_among(one, networks)]
    return others[-1] if others else forwarded[0]


def _addresses(headers: Sequence[str]) -> list[str]:
    return [part.strip() for header in headers for part in header.split(",") if part.strip()]
