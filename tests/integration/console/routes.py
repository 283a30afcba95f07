"""Every route of the console, and an address that each fits."""

import re
from collections.abc import Iterator

from fastapi.routing import APIRoute

from console.pages import ROUTERS

OPEN = {"/login", "/preferences", "/health", "/health/live"}  # without a login
_SAMPLES = {"number": "0"}


def routes() -> Iterator[APIRoute]:
    """Yield every route, also of pages still to come."""
    for router in ROUTERS:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def sample_of(route: APIRoute) -> str:
    """Return an address that the route's path fits."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda part: _SAMPLES.get(part[1], "x"), route.path)


def samples(method: str) -> list[str]:
    """Return an address of each route that takes this method and asks for a login."""
    return sorted({sample_of(one) for one in routes() if method in (one.methods or ())} - OPEN)
