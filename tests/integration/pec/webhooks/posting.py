"""One POST to a receiver, and a resolver that knows one answer."""

import socket
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from config.settings import Endpoint, Webhooks
from pec.webhooks.delivery import Poster
from pec.webhooks.outcomes import Outcome
from tests.receiver import a_secret

BODY = '{"type":"message.sent","data":{"recipient":"società@pec.example"}}'.encode()


def post(endpoint: Endpoint, timeout: float = 20, *, allow_private: bool = True) -> Outcome:
    webhooks = Webhooks(timeout_seconds=timeout, allow_private=allow_private)
    with Poster(webhooks, endpoint) as poster:
        return poster.post("evt_1", BODY)


def at(url: str) -> Endpoint:
    return Endpoint(name="shop", url=url, secret=SecretStr(a_secret()))


def always(*addresses: str) -> Callable[..., Any]:
    """A resolver that knows one answer."""

    def resolve(_host: str, port: int, *_args: Any, **_options: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve
