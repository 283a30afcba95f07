"""A client whose limits are short, and a mailbox whose secrets would show."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from pydantic import SecretStr

from config.settings import Api
from pec.api.client import Mailbox, PecClient
from tests.integration.pec.api.clients import PASSWORD, TOKEN, Connect


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox("me@pec.example", "me@pec.example", SecretStr(PASSWORD), SecretStr(TOKEN))


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a maker of clients. A client waits long by default: a busy machine is not a dead server."""
    with ExitStack() as clients:

        def client(url: str, **settings: float) -> PecClient:
            made = PecClient(
                Api.model_validate(
                    {"url": url, "timeout_seconds": 20, "connect_timeout_seconds": 20} | settings
                )
            )
            return clients.enter_context(closing(made))

        yield client
