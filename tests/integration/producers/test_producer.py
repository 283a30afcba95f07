"""The producer, against a real server and the workers' own intake."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.redis_connection import RedisUnreachable
from pec.jobs import JobRejected, validate
from pec.names import State
from pec.store import records
from producers import Producer
from tests.integration.producing import SEND, TakeJobs, jobs_in


def uploads_in(producer: Producer) -> dict[str, bytes]:
    client: Any = producer.store.client
    keys = client.keys(producer.store.keys.upload("*"))
    return {key.decode().rpartition(":")[2]: client.get(key) for key in keys}


def test_a_small_job_goes_over_the_wire_as_the_contract_shows_it(producer: Producer) -> None:
    assert producer.send("inv-1", **SEND) == "inv-1"

    assert jobs_in(producer) == [{"type": "send", "id": "inv-1", **SEND}]
    assert uploads_in(producer) == {}


def test_every_optional_field_is_carried(producer: Producer) -> None:
    optional: Any = {
        "batch": "b1",
        "priority": 9,
        "not_before": "2026-11-23T09:30:00+01:00",
        "not_after": "2026-11-24T09:30:00+01:00",
        "webhook": "crm",
        "metadata": {"case": 7, "none": None},
        "reference": False,
        "together": True,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }

    producer.send("inv-1", **SEND, **optional)

    assert jobs_in(producer) == [{"type": "send", "id": "inv-1", **SEND, **optional}]


def test_a_body_of_a_kilobyte_goes_by_its_hash(producer: Producer) -> None:
    body = "è" * 512
    producer.send("inv-1", **{**SEND, "body": body})

    digest = hashlib.sha256(body.encode()).hexdigest()
    assert jobs_in(producer)[0]["body"] == {"sha256": digest}
    assert uploads_in(producer) == {digest: body.encode()}


@pytest.mark.parametrize("body", ["", " ", " \n" * 5000])
def test_a_body_without_a_text_is_refused_at_any_length(producer: Producer, body: str) -> None:
    with pytest.raises(JobRejected, match="body: is empty"):
        producer.send("inv-1", **{**SEND, "body": body})

    assert uploads_in(producer) == {}


def test_a_body_one_byte_smaller_goes_inline(producer: Producer) -> None:
    producer.send("inv-1", **{**SEND, "body": "a" * 1023})

    assert jobs_in(producer)[0]["body"] == "a" * 1023


def test_attachments_go_by_hash_however_they_are_given(producer: Producer, tmp_path: Path) -> None:
    path = tmp_path / "fattura.pdf"
    path.write_bytes(b"one")
    digests = [hashlib.sha256(content).hexdigest() for content in (b"one", b"two", b"three")]

    producer.send(
        "inv-1",
        **SEND,
        attachments=[
            path,
            ("b.txt", b"two"),
            {"name": "c.txt", "file": "dGhyZWU="},
            {"name": "d.txt", "sha256": digests[0]},
        ],
    )

    assert jobs_in(producer)[0]["attachments"] == [
        {"name": "fattura.pdf", "sha256": digests[0]},
        {"name": "b.txt", "sha256": digests[1]},
        {"name": "c.txt", "sha256": digests[2]},
        {"name": "d.txt", "sha256": digests[0]},
    ]
    assert uploads_in(producer).keys() == set(digests)


def test_an_upload_expires_after_a_week_and_sending_again_refreshes_it(producer: Producer) -> None:
    producer.send("inv-1", **SEND, attachments=[("a", b"x")])
    key = producer.store.keys.upload(hashlib.sha256(b"x").hexdigest())
    producer.store.client.expire(key, 100)

    producer.send("inv-1", **SEND, attachments=[("a", b"x")])

    assert 604_700 < int(producer.store.client.ttl(key)) <= 604_800


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"recipient": "not an address"}, "recipient"),
        ({"subject": "two\nlines"}, "subject"),
        ({"attachments": ["/etc/passwd"]}, "attachments.0"),
        ({"attachments": [Path("/no/such/file")]}, "attachments.0"),
        ({"attachments": [{"name": "a", "file": "not base64!"}]}, "attachments.0.file"),
        ({"body": "half of a character: \ud800"}, "body"),
        ({"body": "\ud800" * 2000}, "body"),
        ({"password": "hunter2"}, "password"),
        ({"priorty": 3}, "priorty"),
    ],
)
def test_a_wrong_job_is_refused_and_nothing_is_written(
    producer: Producer, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(JobRejected) as refused:
        producer.send("inv-1", **{**SEND, "body": "b" * 2000, **wrong})

    assert [problem.field for problem in refused.value.problems] == [field]
    assert producer.store.client.dbsize() == 0


def test_many_jobs_share_the_contents_that_they_share(
    producer: Producer, tmp_path: Path, take_jobs: TakeJobs
) -> None:
    path = tmp_path / "terms.pdf"
    path.write_bytes(b"terms" * 1000)
    body = "<p>Gentile cliente</p>" * 100
    producer.store.client.config_resetstat()

    sent = producer.send_many(
        {**SEND, "id": f"inv-{number}", "batch": "b1", "body": body, "attachments": [path]}
        for number in range(1001)
    )
    uploads = calls_of(producer, "set")
    producer.batch("b1", sent)
    take_jobs()

    assert sent == 1001
    assert uploads == len(uploads_in(producer)) == 2  # once each, not once in each of the three pipelines
    assert records.counts(producer.store)[State.QUEUED] == 1001
    assert records.batch_of(producer.store, "b1")["size"] == "1001"


def calls_of(producer: Producer, command: str) -> int:
    stats: Any = producer.store.client.info("commandstats")
    return int(stats[f"cmdstat_{command}"]["calls"])


def test_many_distinct_contents_do_not_wait_in_memory(producer: Producer) -> None:
    contents = [bytes([number]) * 3_000_000 for number in range(3)]
    there_before_each = []

    def jobs() -> Iterator[dict[str, Any]]:
        for number, content in enumerate(contents):
            there_before_each.append(len(uploads_in(producer)))
            yield {**SEND, "id": f"inv-{number}", "attachments": [("a", content)]}

    producer.send_many(jobs())

    assert there_before_each == [0, 0, 2]
    assert sorted(uploads_in(producer).values()) == contents


def test_models_can_be_sent_as_well_as_mappings(producer: Producer) -> None:
    model: Any = validate({"type": "send", "id": "inv-1", **SEND, "metadata": {"a": None}})

    assert producer.send_many([model]) == 1

    assert jobs_in(producer) == [{"type": "send", "id": "inv-1", **SEND, "metadata": {"a": None}}]


def test_a_pec_sent_elsewhere_is_followed(producer: Producer, take_jobs: TakeJobs) -> None:
    producer.poll("old-1", "acme", "2020082610003492", subject="Vecchia")
    take_jobs()

    [message] = producer.status("old-1")
    assert (message.state, message.code, message.subject) == (State.SENT, "2020082610003492", "Vecchia")


def test_a_queued_message_and_a_batch_are_cancelled(producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send("inv-1", **SEND)
    producer.send("inv-2", **SEND, batch="b1")
    take_jobs()

    assert producer.cancel("inv-1") == "inv-1"
    assert producer.cancel(batch="b1") == "b1"
    take_jobs()

    assert [producer.status(one)[0].state for one in ("inv-1", "inv-2")] == [State.CANCELLED] * 2


def test_cancel_needs_an_id_or_a_batch(producer: Producer) -> None:
    with pytest.raises(JobRejected, match="either id or batch"):
        producer.cancel()


def test_several_recipients_are_several_messages(producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]})
    assert producer.status("inv-1") == []
    take_jobs()

    assert [message.id for message in producer.status("inv-1")] == ["inv-1#1", "inv-1#2"]
    assert producer.receipts("inv-1") == {"inv-1#1": [], "inv-1#2": []}


def test_without_redis_the_error_names_the_remedy() -> None:
    with (
        Producer("redis://user:hunter2@127.0.0.1:1/0") as producer,
        pytest.raises(RedisUnreachable, match="PEC_REDIS_URL") as error,
    ):
        producer.send("inv-1", **SEND)

    assert "hunter2" not in str(error.value)
