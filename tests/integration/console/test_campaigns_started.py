"""A campaign that has started, and what comes beside it: a deletion, a console that only shows, another campaign."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from console.campaigns.draft import Phase
from console.campaigns.shelf import Desk, Shelf
from pec.store import audit
from pec.store.store import Store
from tests.integration.console.campaigning import PATIENCE_SECONDS, Clerk


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """The files of the campaigns."""
    return Shelf(tmp_path / "console" / "campaigns")


def desk_of(shelf: Shelf, campaign: str) -> Desk:
    return shelf.desk(campaign.rpartition("/")[2])


@contextmanager
def nobody_sends(desk: Desk) -> Iterator[None]:
    """Keep a campaign that starts meanwhile from being sent."""
    with (desk.tasks / "send.lock").open("wb") as lock:
        flock(lock, LOCK_EX)
        yield


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def mark_started(desk: Desk) -> None:
    desk.write(desk.read().model_copy(update={"phase": Phase.STARTED}))


def test_a_started_campaign_is_not_deleted(clerk: Clerk, shelf: Shelf) -> None:
    campaign = clerk.ready()
    with nobody_sends(desk_of(shelf, campaign)):
        clerk.start(campaign)

        clerk.browser.post(f"{campaign}/delete")
        assert "si sta avviando" in clerk.browser.notice("/campaigns")
        shelf.remove_old(timedelta(0))

    assert clerk.browser.get(f"{campaign}/progress").status_code == 200


def test_a_campaign_that_starts_while_it_is_deleted_stays(clerk: Clerk, shelf: Shelf, store: Store) -> None:
    campaign = clerk.ready()
    desk = desk_of(shelf, campaign)
    deletion = threading.Thread(target=clerk.browser.post, args=(f"{campaign}/delete",))
    with nobody_sends(desk):
        with desk.locked():
            deletion.start()
            wait_until(lambda: any(one["action"] == "campaign.delete" for one in audit.entries(store)))
            mark_started(desk)
        deletion.join(PATIENCE_SECONDS)

    assert desk.read().batch == "avvisi"
