"""A started campaign over HTTP: progress, pause, cancel, results, send again, report and proof."""

import fcntl
import re
import time
import zipfile
from io import BytesIO

import pytest

from console.campaigns.draft import Phase
from console.campaigns.shelf import Shelf
from pec.names import State
from pec.store import batches, records
from pec.store.store import Store
from producers import Producer
from tests.integration.console.campaigning import PATIENCE_SECONDS, Clerk
from tests.integration.producing import Settle, TakeJobs, jobs_in, to


@pytest.fixture
def running(clerk: Clerk, take_jobs: TakeJobs) -> str:
    """The path of a campaign whose PEC to Rossi and Verdi are queued."""
    campaign = clerk.ready()
    clerk.start(campaign)
    clerk.sent(campaign)
    take_jobs()
    return campaign


@pytest.fixture
def ended(running: str, store: Store, change: Settle) -> str:
    """The same, of which Rossi was reached and Verdi was not."""
    rossi, verdi = records.ids_of_batch(store, "avvisi")
    change(rossi, to(State.DELIVERED))
    change(verdi, to(State.UNDELIVERED))
    return running


def tried_again(clerk: Clerk, campaign: str) -> str:
    """Return a checked draft that sends to the same addresses again."""
    missed = re.findall(r'name="same" value="([^"]+)"', clerk.browser.get(f"{campaign}/corrections").text)
    assert missed
    answer = clerk.browser.post(
        f"{campaign}/corrections", ids=missed, addresses=[""] * len(missed), same=missed
    )
    draft = answer.headers["location"].removesuffix("/list")
    clerk.done(f"{draft}/list")
    clerk.done(f"{draft}/check")
    return draft


def recipients(producer: Producer) -> list[str]:
    return [job["recipient"] for job in jobs_in(producer) if job["type"] == "send"]


def made(clerk: Clerk, campaign: str, path: str) -> bytes:
    """Return a file once it is made."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        answer = clerk.browser.get(f"{campaign}/{path}")
        if answer.status_code == 200:
            return answer.content
        time.sleep(0.1)
    raise AssertionError(f"{path} is never made")


def test_a_campaign_is_paused_and_resumed(clerk: Clerk, running: str, store: Store) -> None:
    assert "2 PEC non sono ancora inviate" in clerk.browser.get(f"{running}/pause").text

    clerk.browser.post(f"{running}/pause")
    paused = batches.state_of(store, "avvisi")
    assert paused is not None
    assert paused.reason.details["by"] == "anna"
    assert "in pausa dal" in clerk.browser.get(f"{running}/progress").text
    clerk.browser.post(f"{running}/resume")

    assert batches.state_of(store, "avvisi") is None


def test_what_is_left_is_cancelled_after_a_question_with_its_count(
    clerk: Clerk, running: str, store: Store, change: Settle, take_jobs: TakeJobs
) -> None:
    change(next(iter(records.ids_of_batch(store, "avvisi"))), to(State.DELIVERED))
    question = clerk.browser.get(f"{running}/cancel").text
    assert "Annullare 1 PEC?" in question
    assert "non si può richiamare" in question

    clerk.browser.post(f"{running}/cancel")
    take_jobs()

    counts = records.batch_of(store, "avvisi")
    assert (counts["delivered"], counts["cancelled"]) == ("1", "1")


def test_results_stand_by_state_with_those_not_reached(clerk: Clerk, ended: str) -> None:
    page = clerk.browser.get(f"{ended}/progress").text

    assert re.search(r"Concluse</dt><dd>2 / 2<", page)
    assert re.search(r"Non raggiunti</dt><dd>1<", page)
    assert ">verdi@pec.example<" in page
    assert "hx-trigger" not in page.split('id="work"')[1][:200]


def test_a_corrected_address_gets_the_letter_and_no_other(
    clerk: Clerk, ended: str, producer: Producer
) -> None:
    page = clerk.browser.get(f"{ended}/corrections").text
    [verdi] = re.findall(r'name="ids" value="([^"]+)"', page)

    answer = clerk.browser.post(f"{ended}/corrections", ids=verdi, addresses="nuova@pec.example")

    draft = answer.headers["location"].removesuffix("/list")
    assert "nuova@pec.example" in clerk.done(f"{draft}/list")
    assert re.search(r"PEC da inviare</dt><dd>1<", clerk.done(f"{draft}/check"))
    clerk.start(draft)
    clerk.sent(draft)
    assert recipients(producer) == ["nuova@pec.example"]


def test_the_same_address_is_tried_again_if_a_person_ticks_it(
    clerk: Clerk, ended: str, producer: Producer
) -> None:
    [verdi] = re.findall(r'name="same" value="([^"]+)"', clerk.browser.get(f"{ended}/corrections").text)

    answer = clerk.browser.post(f"{ended}/corrections", ids=verdi, addresses="", same=verdi)

    draft = answer.headers["location"].removesuffix("/list")
    clerk.done(f"{draft}/list")
    clerk.done(f"{draft}/check")
    clerk.start(draft)
    clerk.sent(draft)
    [job] = [job for job in jobs_in(producer) if job["type"] == "send"]
    assert (job["id"], job["recipient"]) == (f"{verdi}:2", "verdi@pec.example")


def test_what_a_correction_sent_is_not_sent_again_after_a_death(
    clerk: Clerk,
    shelf: Shelf,
    running: str,
    store: Store,
    producer: Producer,
    change: Settle,
    take_jobs: TakeJobs,
) -> None:
    for one in records.ids_of_batch(store, "avvisi"):
        change(one, to(State.REFUSED))
    draft = tried_again(clerk, running)
    clerk.start(draft)
    clerk.sent(draft)
    take_jobs()
    seconds = [one for one in records.ids_of_batch(store, "avvisi") if one.endswith(":2")]
    for one in seconds:
        change(one, to(State.REFUSED))

    # as a console leaves it that dies before it notes that all is enqueued
    desk = shelf.desk(draft.rpartition("/")[2])
    (desk.tasks / "send.status").unlink()
    desk.change(lambda one: one.model_copy(update={"phase": Phase.STARTED}))
    clerk.sent(draft)

    assert len(seconds) == 2
    assert recipients(producer) == []
    assert desk.read().phase is Phase.SENT


def test_a_batch_is_not_cancelled_while_a_correction_of_it_is_put_into_line(
    clerk: Clerk, shelf: Shelf, ended: str, producer: Producer
) -> None:
    draft = tried_again(clerk, ended)
    desk = shelf.desk(draft.rpartition("/")[2])
    with (desk.tasks / "send.lock").open("wb") as lock:  # so that no thread does it
        fcntl.flock(lock, fcntl.LOCK_EX)
        clerk.start(draft)

        clerk.browser.post(f"{ended}/cancel")

        assert "si sta ancora mettendo in coda" in clerk.browser.notice(f"{ended}/progress")
    assert [job for job in jobs_in(producer) if job["type"] == "cancel"] == []


def test_a_correction_goes_from_its_campaign_s_mailbox(clerk: Clerk, shelf: Shelf, ended: str) -> None:
    draft = tried_again(clerk, ended)
    assert ">beta<" not in clerk.browser.get(f"{draft}/letter").text

    clerk.write(draft, account="beta")

    assert "beta" not in clerk.done(f"{draft}/letter")
    assert shelf.desk(draft.rpartition("/")[2]).read().account == "acme"


def test_a_correction_of_nothing_is_refused(clerk: Clerk, ended: str) -> None:
    clerk.browser.post(f"{ended}/corrections", ids="avvisi-unknown", addresses="x@pec.example")

    assert "non è stato scelto nulla" in clerk.browser.notice(f"{ended}/corrections")


def test_rows_not_reached_are_corrected_in_a_file(clerk: Clerk, ended: str, producer: Producer) -> None:
    text = clerk.browser.get(f"{ended}/missed.csv").content.decode("utf-8-sig")
    assert "verdi@pec.example" in text
    assert "rossi" not in text

    answer = clerk.upload(
        f"{ended}/corrected", "sheet", text.replace("verdi@", "verdi.nuova@"), "corretti.csv"
    )

    draft = answer.headers["location"].removesuffix("/list")
    clerk.done(f"{draft}/list")
    clerk.done(f"{draft}/check")
    clerk.start(draft)
    clerk.sent(draft)
    assert recipients(producer) == ["verdi.nuova@pec.example"]


def test_the_whole_list_uploaded_again_sends_nothing_twice(
    clerk: Clerk, ended: str, producer: Producer
) -> None:
    text = "PEC;nome;numero\nrossi@pec.example;Rossi;101\nverdi@pec.example;Verdi;102\n"

    answer = clerk.upload(f"{ended}/corrected", "sheet", text, "tutti.csv")

    draft = answer.headers["location"].removesuffix("/list")
    clerk.done(f"{draft}/list")
    page = clerk.done(f"{draft}/check")
    assert re.search(r"PEC da inviare</dt><dd>0<", page)
    assert re.search(r"Già inviate</dt><dd>2<", page)
    assert clerk.start(draft).headers["location"] == f"{draft}/check"
    assert recipients(producer) == []


def test_the_report_and_the_proof_are_downloaded(clerk: Clerk, ended: str) -> None:
    assert clerk.browser.get(f"{ended}/proof.zip").status_code == 404

    clerk.browser.post(f"{ended}/report")
    clerk.browser.post(f"{ended}/proof")

    assert made(clerk, ended, "report.pdf").startswith(b"%PDF")
    with zipfile.ZipFile(BytesIO(made(clerk, ended, "proof.zip"))) as proof:
        assert {"avvisi/index.csv", "avvisi/SHA256SUMS"} <= set(proof.namelist())
    assert "mancano finora gli originali" in clerk.browser.get(f"{ended}/progress").text


@pytest.mark.parametrize("act", ["pause", "resume", "cancel", "retry", "proof", "report", "corrected"])
def test_a_draft_has_nothing_to_stop_or_to_prove(clerk: Clerk, producer: Producer, act: str) -> None:
    campaign = clerk.ready()

    assert clerk.browser.post(f"{campaign}/{act}").status_code == 303

    assert jobs_in(producer) == []
    assert 'class="notice notice-bad"' in clerk.browser.get(f"{campaign}/check").text
