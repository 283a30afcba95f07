"""`pec resume`: causes of workers, and endpoints."""

import pytest

from pec.messages import Reason
from pec.store import accounts, heartbeat
from pec.store.store import Store
from tests.integration.commands import Pec


@pytest.mark.usefixtures("take_jobs")
def test_what_a_worker_paused_is_not_resumed_with_the_rest(pec: Pec, store: Store) -> None:
    accounts.pause(store, "acme", Reason("wallet", "the wallet is empty"))

    assert pec("pause", "--all").code == 0
    resumed = pec("resume", "--all")

    assert "acme: still paused" in resumed.err
    assert "`pec resume acme`" in resumed.err
    reason = accounts.state_of(store, "acme").reason
    assert reason is not None
    assert reason.code == "wallet"


def test_a_disabled_endpoint_is_enabled(pec: Pec, store: Store) -> None:
    heartbeat.beat(store, {"endpoint": ["crm"]}, 60)
    store.client.hset(store.keys.endpoint("crm"), "disabled", "1")

    assert pec("resume", "--endpoint", "crm").code == 0

    assert not store.client.hexists(store.keys.endpoint("crm"), "disabled")


def test_an_unknown_endpoint_is_not_enabled(pec: Pec) -> None:
    assert pec("resume", "--endpoint", "crm").code == 3
