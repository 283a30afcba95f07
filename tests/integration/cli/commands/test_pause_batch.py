"""`pec pause --batch` and `pec resume --batch`, and where a paused batch is said to be one."""

import json
import sys
import threading
from typing import Any

import pytest

from pec.changes import changed
from pec.messages import Reason
from pec.names import Queue, State
from pec.store import batches, heartbeat, records
from pec.store.store import Store
from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import SEND, Settle, TakeJobs, to

SAID = "batch novembre was paused at "
REMEDY = "`pec resume --batch novembre` lets it go on"


@pytest.fixture
def batch(producer: Producer, take_jobs: TakeJobs) -> str:
    for number in range(3):
        producer.send(f"inv-{number}", **SEND, batch="novembre")
    producer.send("other", **SEND)
    take_jobs()
    return "novembre"


def test_a_batch_is_paused_and_resumed(pec: Pec, store: Store, batch: str) -> None:
    paused = pec("pause", "--batch", batch)

    assert paused.code == 0
    assert SAID in paused.err
    assert "3 messages wait" in paused.err
    assert REMEDY in paused.err
    assert store.client.zcard(store.keys.lane("acme")) == 1

    assert pec("resume", "--batch", batch).err == "Resumed batch novembre: its messages are in line again.\n"
    assert store.client.zcard(store.keys.lane("acme")) == 4


def test_who_paused_a_batch_and_when_stands_in_its_hash(
    pec: Pec, store: Store, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    pec("pause", "--batch", batch)

    reason = json.loads(records.batch_of(store, batch)["paused"])

    assert reason["code"] == "operator"
    assert reason["details"]["by"].startswith("anna@")
    assert reason["details"]["at"].endswith("Z")
    assert " in Rome by anna@" in pec("status").err


def test_neither_is_done_twice(pec: Pec, batch: str) -> None:
    assert "Batch novembre was not paused." in pec("resume", "--batch", batch).err
    pec("pause", "--batch", batch)
    again = pec("pause", "--batch", batch)
    assert (again.code, "Batch novembre was paused already." in again.err, SAID in again.err) == (
        0,
        True,
        True,
    )


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_mistyped_batch_is_refused_with_the_one_that_was_meant(
    pec: Pec, store: Store, batch: str, command: str
) -> None:
    refused = pec(command, "--batch", "novembr")

    assert refused.code == 3
    assert "there is no batch novembr: did you mean novembre?" in refused.err
    assert not store.client.exists(store.keys.batch("novembr"), store.keys.paused)


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_mistyped_batch_is_known_when_nothing_of_it_waits_any_more(
    pec: Pec, batch: str, take_jobs: TakeJobs, command: str
) -> None:
    pec("cancel", "--batch", batch)
    take_jobs()

    assert "there is no batch novembr: did you mean novembre?" in pec(command, "--batch", "novembr").err


def test_cancelling_a_mistyped_batch_names_the_one_that_goes_on(pec: Pec, batch: str) -> None:
    asked = pec("cancel", "--batch", "novembr")

    assert asked.code == 0
    assert "Nothing of batch novembre was cancelled" in asked.err
    assert "Nothing of batch" not in pec("cancel", "--batch", "soci-2026").err


def test_a_mistyped_batch_is_listed_and_watched_with_the_one_that_was_meant(pec: Pec, batch: str) -> None:
    said = "There is no message of batch novembr so far: did you mean novembre?"

    assert said in pec("list", "--batch", "novembr").err
    assert said in pec("watch", "--batch", "novembr", "--timeout", "0").err
    assert "did you mean novembre?" in pec("export", "--batch", "novembr").err
    assert "did you mean" not in pec("list", "--batch", batch).err


def test_resuming_a_batch_that_was_cancelled_does_not_promise_to_send_it(
    pec: Pec, batch: str, take_jobs: TakeJobs
) -> None:
    pec("pause", "--batch", batch)
    pec("cancel", "--batch", batch)
    take_jobs()

    assert pec("resume", "--batch", batch).err == "Resumed batch novembre: it has no message left to send.\n"


def test_of_a_batch_that_no_worker_has_taken_the_jobs_that_wait_are_named(
    pec: Pec, producer: Producer
) -> None:
    producer.send("inv-1", **SEND, batch="novembre")

    refused = pec("pause", "--batch", "novembre")

    assert refused.code == 3
    assert "1 job waits to be taken" in refused.err


def test_where_no_batch_waits_that_is_said(pec: Pec) -> None:
    refused = pec("pause", "--batch", "novembre").err
    assert "there is no batch novembre: no queued message belongs to a batch" in refused


@pytest.mark.parametrize(
    "said",
    [
        ("pause", "acme", "--batch", "b"),
        ("pause", "--all", "--batch", "b"),
        ("resume", "acme", "--batch", "b"),
    ],
)
def test_a_batch_is_named_alone(pec: Pec, said: tuple[str, ...]) -> None:
    assert pec(*said).code == 2


def test_status_says_what_waits_and_how_it_goes_on(pec: Pec, batch: str) -> None:
    pec("pause", "--batch", batch)

    [whole] = pec("status", "--json").lines
    [one] = pec("status", "inv-1", "--json").lines

    [paused] = whole["paused_batches"]
    assert (paused["batch"], paused["waiting"], paused["remedy"]) == (batch, 3, REMEDY)
    assert paused["reason"]["code"] == "operator"
    assert [lane["waiting"] for lane in whole["lanes"]] == [1], "of the others"
    assert one["why"].startswith(SAID)
    assert one["why"].endswith(REMEDY)
    assert (one["position"], one["turn_at"]) == (None, None)
    assert SAID in pec("status").err
    assert SAID in pec("status", "inv-1").out
    assert SAID not in pec("status", "other").out


def test_a_paused_batch_is_no_fault_of_the_installation_but_said(pec: Pec, store: Store, batch: str) -> None:
    heartbeat.beat(store, {"worker": ["w1"], "queue": [str(queue) for queue in Queue]}, 60, {"host": "h"})
    pec("pause", "--batch", batch)

    checked = [one for one in pec("doctor", "--json").lines if one["what"].startswith(SAID)]
    healthy = pec("health")

    assert [(one["mark"], one["remedy"]) for one in checked] == [("note", REMEDY)]
    assert healthy.code == 0
    assert SAID in healthy.err


@pytest.mark.parametrize("terminal", [False, True])
def test_watch_says_that_its_batch_waits_and_goes_on(
    pec: Pec, store: Store, batch: str, change: Settle, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    pec("pause", "--batch", batch)

    def resume() -> None:
        batches.resume(store, batch)
        for number in range(3):
            change(f"inv-{number}", to(State.DELIVERED))

    timer = threading.Timer(0.5, resume)
    timer.start()
    watched = pec("watch", "--batch", batch, "--timeout", "30")
    timer.join()

    assert watched.code == 0
    assert watched.err.count(SAID) == 1


def test_a_pause_while_a_batch_is_watched_is_said_too(
    pec: Pec, store: Store, batch: str, change: Settle
) -> None:
    def pause() -> None:
        batches.pause(store, batch, Reason("operator", "paused by an operator"))
        threading.Timer(3, lambda: [change(f"inv-{n}", to(State.DELIVERED)) for n in range(3)]).start()

    timer = threading.Timer(0.5, pause)
    timer.start()
    watched = pec("watch", "--batch", batch, "--timeout", "30")
    timer.join()

    assert watched.code == 0
    assert "in Rome by an operator; 3 messages wait" in watched.err


def test_a_batch_whose_messages_were_sent_waits_for_nothing(
    pec: Pec, store: Store, batch: str, change: Settle
) -> None:
    for number in range(3):
        change(f"inv-{number}", to(State.DELIVERED))

    assert "0 messages wait" in pec("pause", "--batch", batch).err


def test_an_older_field_of_a_message_does_not_hide_its_batch(
    pec: Pec, store: Store, batch: str, change: Settle
) -> None:
    """A message that was given back says that its batch is paused, not why it was given back."""
    pec("pause", "--batch", batch)
    found: Any = change(
        "inv-1",
        lambda message: changed(message, message.updated_at, {"reason": Reason("unreachable", "away")}),
    )

    assert found.reason
    [one] = pec("status", "inv-1", "--json").lines
    assert one["why"].startswith(SAID)
