"""A second tenant, whose token sees another mailbox only."""

from dataclasses import replace

import pytest

from pec.store.store import Store
from tests.integration.producers.gateway.serving import Served, a_token


@pytest.fixture
def other_tenant(gateway: Served, store: Store) -> Served:
    """The same gateway, for a token of the account `globex`."""
    return replace(gateway, token=a_token(store, "other-tenant", accounts=["globex"]))
