"""Following messages to their end, while they change in another thread."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from archive import selection
from pec.jobs import JobRejected
from pec.names import State
from producers import Enqueued, Producer
from tests.integration.producing import PATIENCE_SECONDS, SEND, Settle, TakeJobs, meanwhile, to
from tests.wire import eventually


def watched(producer: Producer, *ids: str, **options: Any) -> list[tuple[str, State]]:
    changes = producer.watch(ids, timeout_seconds=PATIENCE_SECONDS, **options)
    return [(message.id, message.state) for message in changes]


def test_what_has_ended_before_is_reported_at_once(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()
    change("inv-1", to(State.DELIVERED))

    assert watched(producer, "inv-1") == [("inv-1", State.DELIVERED)]


def test_changes_are_reported_as_they_come_until_the_end(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    inv_1, inv_2 = producer.send("inv-1", **SEND), producer.send("inv-2", **SEND)
    states: list[tuple[str, State]] = []
    following: dict[State, Callable[[], object]] = {
        State.QUEUED: lambda: change("inv-1", to(State.SENT)),
        State.SENT: lambda: change("inv-1", to(State.ACCEPTED)),
        State.ACCEPTED: lambda: [change(one, to(State.DELIVERED)) for one in (inv_1, inv_2)],
    }
    with meanwhile(take_jobs):
        for message in producer.watch([inv_1, inv_2], timeout_seconds=PATIENCE_SECONDS):
            states.append((message.id, message.state))
            if message.id == "inv-1" and message.state in following:
                following[message.state]()

    assert [state for one, state in states if one == "inv-1"] == ["queued", "sent", "accepted", "delivered"]
    assert [state for one, state in states if one == "inv-2"] == ["queued", "delivered"]


def test_a_job_not_yet_taken_is_waited_for_by_its_id_alone(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    def appear() -> None:
        producer.send("inv-1", **SEND)
        take_jobs()
        change("inv-1", to(State.FAILED))

    with meanwhile(appear):
        assert watched(producer, "inv-1")[-1] == ("inv-1", State.FAILED)


def test_every_recipient_of_a_job_is_followed(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    job = producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]})
    with meanwhile(
        take_jobs,
        lambda: change("inv-1#2", to(State.REFUSED)),
        lambda: change("inv-1#1", to(State.DELIVERED)),
    ):
        ends = dict(watched(producer, job))

    assert ends == {"inv-1#1": State.DELIVERED, "inv-1#2": State.REFUSED}


def test_one_message_of_a_job_can_be_followed(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]})
    take_jobs()
    change("inv-1#2", to(State.DELIVERED))

    assert watched(producer, "inv-1#2") == [("inv-1#2", State.DELIVERED)]


def test_a_rejected_job_raises_when_the_others_have_ended(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    good, bad = producer.send("inv-1", **SEND), producer.send("inv-2", **{**SEND, "account": "acmee"})
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    changes = producer.watch([bad, good], timeout_seconds=PATIENCE_SECONDS)

    assert next(changes).id == "inv-1"
    with pytest.raises(JobRejected) as rejected:
        next(changes)
    assert [problem.field for problem in rejected.value.problems] == ["account"]


def test_a_conflict_is_reported_although_a_message_with_the_id_has_ended(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    again = producer.send("inv-1", **{**SEND, "subject": "Another"})

    with meanwhile(take_jobs), pytest.raises(JobRejected, match="id"):
        watched(producer, again)


def test_what_happens_to_the_first_job_of_an_id_is_not_reported_of_the_second(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()
    again = producer.send("inv-1", **{**SEND, "subject": "Another"})
    changes = producer.watch(again, timeout_seconds=PATIENCE_SECONDS)

    def waits() -> bool:
        return any(one["cmd"] == "xread" for one in producer.store.client.client_list())

    def is_sent() -> None:
        eventually(waits)
        change("inv-1", to(State.SENT))

    with meanwhile(is_sent, take_jobs), pytest.raises(JobRejected):
        next(changes)


def test_the_same_job_again_is_followed_like_the_first(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    again = producer.send("inv-1", **SEND)

    with meanwhile(take_jobs):
        assert watched(producer, again) == [("inv-1", State.DELIVERED)]


def test_a_rejection_of_before_is_reported_where_the_job_is_known_by_its_id(
    producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.send("inv-1", **{**SEND, "account": "acmee"})
    take_jobs()

    with pytest.raises(JobRejected):
        watched(producer, "inv-1")


def test_a_job_corrected_and_sent_again_is_not_taken_for_the_rejected_one(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **{**SEND, "account": "acmee"})
    take_jobs()
    producer.send("inv-1", **SEND)

    with meanwhile(take_jobs, lambda: change("inv-1", to(State.DELIVERED))):
        assert watched(producer, "inv-1")[-1] == ("inv-1", State.DELIVERED)


def test_a_batch_ends_with_its_last_message(producer: Producer, take_jobs: TakeJobs, change: Settle) -> None:
    for number in (1, 2):
        producer.send(f"inv-{number}", **SEND, batch="b1")
    producer.batch("b1", 3)
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    change("inv-2", to(State.DELIVERED))

    def complete() -> None:
        producer.send("inv-3", **SEND, batch="b1")
        take_jobs()
        change("inv-3", to(State.EXPIRED))

    with meanwhile(complete):
        states = watched(producer, batch="b1")

    assert dict(states) == {"inv-1": State.DELIVERED, "inv-2": State.DELIVERED, "inv-3": State.EXPIRED}


def test_a_batch_counts_its_rejected_jobs_and_reports_them(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND, batch="b1")
    producer.store.client.xadd(
        "pec:jobs", {"job": json.dumps({"type": "send", "id": "inv-2", "batch": "b1"})}
    )
    producer.batch("b1", 2)
    take_jobs()
    change("inv-1", to(State.DELIVERED))

    with pytest.raises(JobRejected, match="account: is missing"):
        watched(producer, batch="b1")


def test_a_cancel_that_was_rejected_is_no_message_of_its_batch(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND, batch="b1")
    producer.send("inv-2", **SEND, batch="b1")
    producer.batch("b1", 2)
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    rejection: dict[Any, Any] = {
        "job": json.dumps({"type": "cancel", "batch": "b1"}),
        "errors": "[]",
        "entry": "1-1",
        "at": "",
    }
    producer.store.client.xadd(producer.store.keys.rejected, rejection)

    with meanwhile(lambda: change("inv-2", to(State.DELIVERED))):
        ends = dict(watched(producer, batch="b1"))
    assert ends == {"inv-1": State.DELIVERED, "inv-2": State.DELIVERED}
    assert selection.rejected_of(producer.store, "b1") == 0


def test_a_batch_without_a_size_ends_when_all_that_was_enqueued_has(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send("inv-1", **SEND, batch="b1")
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    producer.send("inv-2", **SEND, batch="b1")

    with meanwhile(take_jobs, lambda: change("inv-2", to(State.DELIVERED))):
        assert dict(watched(producer, batch="b1")).keys() == {"inv-1", "inv-2"}


def test_a_batch_that_is_added_to_does_not_end_by_the_size_it_had(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.batch("b1", 1)
    producer.send("inv-1", **SEND, batch="b1")
    take_jobs()
    change("inv-1", to(State.DELIVERED))
    producer.batch("b1", 2)
    producer.send("inv-2", **SEND, batch="b1")

    with pytest.raises(TimeoutError):
        list(producer.watch(batch="b1", timeout_seconds=0.01))


def test_a_timeout_is_an_error_that_says_how_many_are_left(producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()

    with pytest.raises(TimeoutError, match=r"^1 message has not ended in time"):
        list(producer.watch("inv-1", timeout_seconds=0.01))


def test_what_a_producer_returns_is_an_id_that_knows_its_entry(producer: Producer) -> None:
    job = producer.send("inv-1", **SEND, attachments=[("a.txt", b"a")])

    assert isinstance(job, Enqueued)
    assert producer.store.client.xrange(producer.store.keys.jobs, job.entry, job.entry)


def test_a_thousand_events_at_once_are_all_read(
    producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    producer.send_many({**SEND, "id": f"inv-{number}", "batch": "b1"} for number in range(700))
    producer.batch("b1", 700)
    with meanwhile(
        take_jobs, lambda: [change(f"inv-{number}", to(State.DELIVERED)) for number in range(700)]
    ):
        changes = watched(producer, batch="b1")

    ends = dict(changes)
    assert len(ends) == 700
    assert len(set(changes)) == len(changes)
    assert set(ends.values()) == {State.DELIVERED}
