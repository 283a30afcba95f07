"""`pec watch`: messages or a batch, to their end."""

import pytest

from pec.names import State
from producers import Producer
from producers.watch import Watch
from tests.integration.commands import Pec
from tests.integration.producing import SEND, Settle, TakeJobs, meanwhile, to


def test_a_timeout_ends_with_124(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()

    watched = pec("watch", "inv-1", "--timeout", "0.01")

    assert watched.code == 124
    assert "nothing was cancelled" in watched.err


def test_an_id_that_is_not_known_is_waited_for_and_named(
    pec: Pec, producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()

    watched = pec("watch", "inv-1", "inv-l", "--timeout", "0.01")

    assert watched.code == 124
    assert "Not known so far, but waited for: inv-l. `pec list` shows ids." in watched.err
    assert "inv-1" in watched.out, "what is known is shown when the time is over"


def test_a_job_that_no_worker_has_taken_yet_is_not_unknown(pec: Pec, producer: Producer) -> None:
    producer.send("inv-1", **SEND)

    watched = pec("watch", "inv-1", "--timeout", "0.01")

    assert watched.code == 124
    assert "Not known" not in watched.err


def test_a_rejected_job_is_not_unknown(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    for subject in ("One", "Another"):
        producer.send("inv-1", **{**SEND, "subject": subject})
    producer.send("inv-2", **{**SEND, "account": "unknown"})
    take_jobs()

    watched = pec("watch", "inv-2", "--timeout", "5")

    assert watched.code == 3
    assert "Not known" not in watched.err


def test_of_many_ids_that_are_not_known_a_few_are_named(pec: Pec) -> None:
    watched = pec("watch", *(f"inv-{number}" for number in range(9)), "--timeout", "0.01")

    assert "waited for: inv-0, inv-1, inv-2, inv-3, inv-4, …. `pec list`" in watched.err


def test_a_batch_of_no_message_is_waited_for_and_named(pec: Pec) -> None:
    watched = pec("watch", "--batch", "novmber", "--timeout", "0.01")

    assert watched.code == 124
    assert "There is no message of batch novmber so far." in watched.err


def test_a_batch_whose_jobs_wait_is_not_unknown(pec: Pec, producer: Producer) -> None:
    producer.send("inv-1", **SEND, batch="november")

    assert "There is no message" not in pec("watch", "--batch", "november", "--timeout", "0.01").err


def test_ctrl_c_says_that_the_message_goes_on(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    producer.send("inv-1", **SEND)
    take_jobs()
    monkeypatch.setattr(Watch, "changes", interrupted)

    watched = pec("watch", "inv-1")

    assert watched.code == 130
    assert "Nothing was cancelled: workers go on." in watched.err


def test_a_batch_is_watched_to_its_end(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    for number in (1, 2):
        producer.send(f"inv-{number}", **SEND, batch="b1")
    producer.batch("b1", 2)
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    with meanwhile(lambda: change("inv-2", to(State.DELIVERED))):
        watched = pec("watch", "--batch", "b1", "--timeout", "30")

    assert watched.code == 0
    assert "2 delivered" in watched.err


@pytest.mark.parametrize("arguments", [(), ("a", "--batch", "b")])
def test_messages_or_a_batch_must_be_named(pec: Pec, arguments: tuple[str, ...]) -> None:
    assert pec("watch", *arguments).code == 2
