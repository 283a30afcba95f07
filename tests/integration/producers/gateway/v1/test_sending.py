"""POST /v1/messages: what is answered with 202 is in the stream once, however often it is repeated."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pec.problems import Problem as Fault
from pec.store import job_stream, once
from pec.store.store import Store
from producers import Producer
from producers.gateway.problems import Problem
from producers.gateway.v1.sending import accepted_once
from tests.integration.producers.gateway.serving import Served
from tests.integration.producing import SEND, TakeJobs, jobs_in

NDJSON = {"Content-Type": "application/x-ndjson"}


def test_a_message_is_enqueued_under_its_account(
    gateway: Served, producer: Producer, take_jobs: TakeJobs
) -> None:
    answer = gateway.call("POST", "/v1/messages", json={**SEND, "id": "inv-1", "batch": "november"})

    assert answer.status_code == 202, answer.text
    assert answer.json()["id"] == "acme:inv-1"
    assert answer.headers["Location"] == answer.json()["status_url"]
    [job] = jobs_in(producer)
    assert (job["id"], job["batch"]) == ("acme:inv-1", "acme:november")
    take_jobs()
    [message] = producer.status("acme:inv-1")
    assert message.subject == "Fattura"


def test_a_repeat_gets_the_same_answer_and_is_enqueued_once(gateway: Served, producer: Producer) -> None:
    body = {**SEND, "attachments": [{"name": "a.txt", "file": base64.b64encode(b"x" * 300_000).decode()}]}

    def post(_: int) -> Any:
        return gateway.call("POST", "/v1/messages", json=body, headers={"Idempotency-Key": "k-1"})

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(post, range(10)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 9
    assert len(jobs_in(producer)) == 1


def test_another_body_under_the_same_key_or_id_is_a_conflict(gateway: Served, producer: Producer) -> None:
    key, other = {"Idempotency-Key": "k-1"}, {**SEND, "subject": "Altro"}
    assert gateway.call("POST", "/v1/messages", json=SEND, headers=key).status_code == 202
    assert gateway.call("POST", "/v1/messages", json={**SEND, "id": "x"}).status_code == 202

    by_key = gateway.call("POST", "/v1/messages", json=other, headers=key)
    by_id = gateway.call("POST", "/v1/messages", json={**other, "id": "x"})

    assert (by_key.status_code, by_id.status_code) == (409, 409)
    assert by_key.json()["type"] == by_id.json()["type"] == "urn:pec:problem:key_reused"
    assert by_key.json()["detail"].startswith("Idempotency-Key was used before")
    assert by_id.json()["detail"].startswith("An id of the request was used before")
    assert len(jobs_in(producer)) == 2


def test_of_two_corrections_of_a_rejected_message_one_is_taken_and_the_other_is_a_conflict(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong, mine, theirs = (
        once.Request(jobs=["{}"], record="id:x", fingerprint=one) for one in ("wrong", "mine", "theirs")
    )
    once.accept(store, wrong)
    job_stream.ensure_group(store)
    [entry] = job_stream.read_new(store, "worker", 1, 100)
    job_stream.reject(store, entry, [Fault("job", "is wrong")], {})
    forget = once.forget_rejected

    def forget_and_come_second(store: Store, record: str) -> bool:
        forgotten = forget(store, record)
        if forgotten:
            once.accept(store, theirs)
        return forgotten

    monkeypatch.setattr(once, "forget_rejected", forget_and_come_second)

    with pytest.raises(Problem) as refused:
        accepted_once(store, mine, by_id=True)

    assert refused.value.status == 409
    assert store.client.xlen(store.keys.jobs) == 1


def test_a_message_that_could_not_be_repeated_safely_is_refused(gateway: Served, producer: Producer) -> None:
    answer = gateway.call("POST", "/v1/messages", json=SEND)

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:pec:problem:key_missing")
    assert jobs_in(producer) == []


def test_faults_have_their_field_and_the_code_of_the_contract(gateway: Served) -> None:
    answer = gateway.call(
        "POST", "/v1/messages", json={**SEND, "id": "a b", "recipient": "nobody", "priorty": 3}
    )

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = {one["field"]: one["code"] for one in answer.json()["errors"]}
    assert found == {"id": "not_an_id", "recipient": "not_an_address", "priorty": "misspelt_field"}


def test_an_upload_that_the_token_has_not_made_is_missing(gateway: Served, store: Store) -> None:
    digest = "a" * 64
    store.client.set(store.keys.upload(digest), b"of another tenant")

    answer = gateway.call("POST", "/v1/messages", json={**SEND, "id": "x", "body": {"sha256": digest}})

    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["field"], fault["code"]) == ("body.sha256", "upload_missing")
    assert f"/v1/uploads/{digest}" in fault["reason"]


def test_a_thousand_messages_are_enqueued_by_one_call(gateway: Served, producer: Producer) -> None:
    lines = "\n".join(json.dumps({**SEND, "id": f"m-{number}"}) for number in range(1000))

    answer = gateway.call("POST", "/v1/messages/batch", data=lines, headers=NDJSON)

    assert answer.status_code == 202, answer.text
    assert [one["id"] for one in answer.json()["messages"]] == [f"acme:m-{number}" for number in range(1000)]
    assert len(jobs_in(producer)) == 1000


def test_many_messages_with_ids_are_repeated_without_a_key_and_again_if_one_was_rejected(
    gateway: Served, producer: Producer
) -> None:
    body = {"messages": [{**SEND, "id": "a"}, {**SEND, "id": "b"}]}
    first, again = (gateway.call("POST", "/v1/messages/batch", json=body) for _ in range(2))
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert len(jobs_in(producer)) == 2
    job_stream.ensure_group(producer.store)
    [entry, _] = job_stream.read_new(producer.store, "worker", 2, 100)

    job_stream.reject(producer.store, entry, [Fault("account", "is unknown")], {})

    corrected = gateway.call("POST", "/v1/messages/batch", json=body)
    assert "Idempotent-Replayed" not in corrected.headers
    assert len(jobs_in(producer)) == 3


def test_one_wrong_message_of_many_lets_none_in(gateway: Served, producer: Producer) -> None:
    messages = [{**SEND, "id": "a"}, {**SEND, "id": "b", "recipient": ""}, 7]
    as_list = gateway.call("POST", "/v1/messages/batch", json={"messages": messages})
    lines = "\n".join([json.dumps(messages[0]), "{", json.dumps(messages[0])])
    as_lines = gateway.call("POST", "/v1/messages/batch", data=lines, headers=NDJSON)
    too_many = gateway.call("POST", "/v1/messages/batch", data="{}\n" * 1001, headers=NDJSON)

    assert [one["field"] for one in as_list.json()["errors"]] == ["messages.1.recipient", "messages.2"]
    assert [(one["field"], one["code"]) for one in as_lines.json()["errors"]] == [("messages.1", "not_json")]
    assert [one["code"] for one in too_many.json()["errors"]] == ["too_many_entries"]
    assert jobs_in(producer) == []


def test_an_id_that_stands_twice_with_other_content_is_refused_at_the_door(
    gateway: Served, producer: Producer
) -> None:
    messages = [{**SEND, "id": "a"}, {**SEND, "id": "a"}, {**SEND, "id": "acme:a", "subject": "Altro"}]

    answer = gateway.call("POST", "/v1/messages/batch", json={"messages": messages})
    the_same = gateway.call("POST", "/v1/messages/batch", json={"messages": messages[:2]})

    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("messages.2.id", "id_used")]
    assert the_same.status_code == 202
    assert len(jobs_in(producer)) == 2


def test_a_message_of_more_than_the_api_takes_is_refused(gateway: Served, producer: Producer) -> None:
    files = [{"name": f"{one}.bin", "file": base64.b64encode(bytes(8_000_000)).decode()} for one in range(3)]

    answer = gateway.call("POST", "/v1/messages", json={**SEND, "id": "x", "attachments": files})

    assert answer.status_code == 422
    assert [one["code"] for one in answer.json()["errors"]] == ["message_too_big"]
    assert jobs_in(producer) == []
