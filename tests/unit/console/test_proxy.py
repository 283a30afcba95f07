"""A proxy is believed if its address is trusted, and the addresses that the client wrote before it are not."""

import asyncio
from typing import Any

import pytest

from config.settings import Console
from console.proxy import REMOTE_USER, TrustedProxy

RULES = Console(trusted_proxies=["10.0.0.0/8"], trusted_header="X-Remote-User")


def passed(peer: str, headers: dict[str, str], rules: Console = RULES) -> dict[str, Any]:
    """Return the scope as the application gets it."""
    scope: dict[str, Any] = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 40000),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    seen: list[dict[str, Any]] = []
    asyncio.run(TrustedProxy(app, rules)(scope, None, None))  # type: ignore[arg-type]
    return seen[0]


def test_a_trusted_proxy_names_user_address_and_scheme() -> None:
    scope = passed(
        "10.1.2.3",
        {"X-Remote-User": "anna", "X-Forwarded-For": "203.0.113.9, 10.9.9.9", "X-Forwarded-Proto": "https"},
    )

    assert scope[REMOTE_USER] == "anna"
    assert scope["client"][0] == "203.0.113.9"
    assert scope["scheme"] == "https"


def test_nothing_is_believed_from_another_address() -> None:
    scope = passed(
        "192.0.2.1", {"X-Remote-User": "anna", "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}
    )

    assert REMOTE_USER not in scope
    assert scope["client"][0] == "192.0.2.1"
    assert scope["scheme"] == "http"


def test_an_address_that_the_client_put_before_its_own_is_not_believed() -> None:
    scope = passed("10.1.2.3", {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})

    assert scope["client"][0] == "203.0.113.9"


@pytest.mark.parametrize("rules", [Console(), Console(trusted_proxies=["10.0.0.0/8"])])
def test_no_header_names_a_user_unless_the_settings_say_so(rules: Console) -> None:
    assert passed("10.1.2.3", {"X-Remote-User": "anna"}, rules).get(REMOTE_USER) is None
