"""A campaign that has started, and what comes beside it: a deletion, a console that only shows, another campaign."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from fcntl import LOCK_EX, flock
from typing import Any

from console.campaigns.draft import Phase
from console.campaigns.shelf import Desk, Shelf
from console.campaigns.tasks import Status, Task, write_status
from pec.store import audit
from pec.store.store import Store
from producers import Producer
from tests.integration.console.campaigning import PATIENCE_SECONDS, Clerk
from tests.integration.producing import TakeJobs, jobs_in


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


def test_a_campaign_whose_start_enqueued_nothing_is_a_draft_again(
    clerk: Clerk, shelf: Shelf, producer: Producer
) -> None:
    campaign = clerk.begin(
        "PEC;nome;numero;allegato\nrossi@pec.example;R;1;a.pdf\nverdi@pec.example;V;2;b.pdf\n"
    )
    clerk.done(f"{campaign}/list")
    for name in ("a.pdf", "b.pdf"):
        clerk.upload(f"{campaign}/files", "files", b"%PDF-1.4", name)
    clerk.write(campaign, file_columns="allegato")
    clerk.done(f"{campaign}/check")
    desk = desk_of(shelf, campaign)
    with nobody_sends(desk):
        clerk.start(campaign)
        (desk.files / "a.pdf").unlink()
    clerk.browser.get(f"{campaign}/progress")
    wait_until(lambda: desk.read().phase is Phase.DRAFT)

    said = "on è stato inviato nulla, perché"
    wait_until(lambda: said in clerk.done(f"{campaign}/check"))
    assert jobs_in(producer) == []
    clerk.upload(f"{campaign}/files", "files", b"%PDF-1.4", "a.pdf")
    assert said not in clerk.done(f"{campaign}/check")
    clerk.start(campaign)
    clerk.sent(campaign)
    assert len([job for job in jobs_in(producer) if job["type"] == "send"]) == 2


def test_a_list_that_another_campaign_sent_after_the_check_is_sent_only_after_a_warning(
    clerk: Clerk, shelf: Shelf, producer: Producer, take_jobs: TakeJobs
) -> None:
    first, second = clerk.ready(), clerk.ready()
    clerk.start(first)
    clerk.sent(first)
    take_jobs()
    desk = desk_of(shelf, second)

    clerk.start(second)
    wait_until(lambda: desk.read().stopped_at > 0)

    assert desk.read().phase is Phase.DRAFT
    assert jobs_in(producer) == []
    assert "stesso oggetto negli ultimi 30 giorni" in clerk.done(f"{second}/check")
    clerk.start(second)
    clerk.sent(second)
    assert len([job for job in jobs_in(producer) if job["type"] == "send"]) == 2


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


def cancels(producer: Producer) -> list[dict[str, Any]]:
    return [job for job in jobs_in(producer) if job["type"] == "cancel"]


def test_what_a_failed_start_put_into_line_can_be_cancelled(
    clerk: Clerk, shelf: Shelf, producer: Producer, take_jobs: TakeJobs
) -> None:
    campaign = clerk.ready()
    clerk.start(campaign)
    clerk.sent(campaign)
    take_jobs()
    desk = desk_of(shelf, campaign)
    mark_started(desk)  # as a campaign is that failed half-way
    with nobody_sends(desk):
        write_status(desk, Task.SEND, Status(0, share=0.5))
        clerk.browser.post(f"{campaign}/cancel")
        assert "in coda" in clerk.browser.notice("/me")
        assert cancels(producer) == []

        write_status(desk, Task.SEND, Status(0, done=True, problem="a file is gone"))
        clerk.browser.post(f"{campaign}/cancel")
    assert [job["batch"] for job in cancels(producer)] == ["avvisi"]
