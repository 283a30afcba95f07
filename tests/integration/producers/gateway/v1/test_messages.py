"""GET /v1/messages and cancelling: from the stream of jobs to the end of a message, and pages of many."""

from typing import Any

from pec.content import sha256
from pec.names import State
from pec.store.store import Store
from producers import Producer
from tests.integration.producers.gateway.serving import Served
from tests.integration.producing import SEND, Settle, TakeJobs, jobs_in, to


def sent(gateway: Served, name: str, **fields: Any) -> dict[str, Any]:
    answer = gateway.call("POST", "/v1/messages", json={**SEND, "id": name, **fields})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def pages(gateway: Served, path: str) -> list[list[str]]:
    """Return the ids of each page."""
    found, after = [], ""
    while True:
        answer = gateway.call("GET", f"{path}{after}")
        assert answer.status_code == 200, answer.text
        found.append([one["id"] for one in answer.json()["messages"]])
        if "next" not in answer.json():
            return found
        after = f"&after={answer.json()['next']}"


def test_a_message_is_followed_from_the_stream_to_its_end(
    gateway: Served, take_jobs: TakeJobs, change: Settle
) -> None:
    url = sent(gateway, "inv-1")["status_url"]
    before = gateway.call("GET", url).json()
    take_jobs()
    queued = gateway.call("GET", url).json()
    change("acme:inv-1", to(State.DELIVERED))
    delivered = gateway.call("GET", "/v1/messages/acme:inv-1").json()

    assert before["state"] == "pending"
    assert (queued["state"], queued["subject"], queued["recipient"]) == ("queued", "Fattura", "x@pec.example")
    assert delivered["state"] == "delivered"
    assert [one.get("state") for one in delivered["timeline"]] == ["queued", "delivered"]


def test_a_rejected_job_says_why_and_its_id_is_free_again(
    gateway: Served, store: Store, producer: Producer, take_jobs: TakeJobs
) -> None:
    digest = sha256(b"a file")
    files = [{"name": "a.txt", "sha256": digest}]
    assert gateway.call("PUT", f"/v1/uploads/{digest}", data=b"a file").status_code == 201
    url = sent(gateway, "inv-1", attachments=files)["status_url"]
    store.client.delete(store.keys.upload(digest))  # as if its 7 days were over
    take_jobs()
    rejected = gateway.call("GET", url).json()

    assert (rejected["state"], rejected["errors"][0]["code"]) == ("rejected", "upload_missing")
    assert gateway.call("GET", "/v1/messages/acme:inv-1").json() == rejected
    assert gateway.call("PUT", f"/v1/uploads/{digest}", data=b"a file").status_code == 201
    again = gateway.call("POST", "/v1/messages", json={**SEND, "id": "inv-1", "attachments": files})
    assert "Idempotent-Replayed" not in again.headers
    store.client.delete(store.keys.upload(digest))
    take_jobs()
    sent(gateway, "inv-1", subject="Senza file")  # another message, because the first was never taken
    take_jobs()
    assert producer.status("acme:inv-1")[0].subject == "Senza file"
    conflict = gateway.call("POST", "/v1/messages", json={**SEND, "id": "inv-1"})
    assert conflict.status_code == 409


def test_a_job_of_several_recipients_names_its_messages(gateway: Served, take_jobs: TakeJobs) -> None:
    url = sent(gateway, "inv-1", recipient=["a@pec.example", "b@pec.example"])["status_url"]
    take_jobs()

    answer = gateway.call("GET", url).json()

    assert (answer["state"], answer["messages"]) == ("several", ["acme:inv-1#1", "acme:inv-1#2"])
    assert gateway.call("GET", "/v1/messages/acme:inv-1%232").json()["recipient"] == "b@pec.example"


def test_pages_hold_every_message_once(gateway: Served, take_jobs: TakeJobs, change: Settle) -> None:
    lines = [{**SEND, "id": f"m-{number}", "batch": "november"} for number in range(7)]
    assert gateway.call("POST", "/v1/messages/batch", json={"messages": lines}).status_code == 202
    take_jobs()
    change("acme:m-3", to(State.DELIVERED))
    every = {f"acme:m-{number}" for number in range(7)}

    newest = pages(gateway, "/v1/messages?limit=3")
    of_batch = pages(gateway, "/v1/messages?limit=3&batch=acme:november")
    delivered = pages(gateway, "/v1/messages?state=delivered&state=failed")

    assert [len(page) for page in newest] == [3, 3, 1]
    assert {one for page in newest for one in page} == every
    assert newest[0][0] == "acme:m-3"
    assert [one for page in of_batch for one in page] == sorted(every)
    assert delivered == [["acme:m-3"]]


def test_a_page_of_many_messages_of_one_instant_goes_on(gateway: Served, store: Store) -> None:
    for number in range(1500):
        name = f"acme:m-{number:04}"
        store.client.zadd(store.keys.state(State.QUEUED), {name: 5.0})
        store.client.hset(store.keys.message(name), mapping={"account": "acme", "state": "queued"})

    found = pages(gateway, "/v1/messages?limit=200")  # these records are no messages, so that pages are empty

    assert len(found) == 8


def test_a_queued_message_is_cancelled_and_a_sent_one_is_not(
    gateway: Served, producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    for name in ("queued", "sent"):
        sent(gateway, name)
    take_jobs()
    change("acme:sent", to(State.SENT))

    cancelled = gateway.call("POST", "/v1/messages/acme:queued/cancel")
    refused = gateway.call("POST", "/v1/messages/acme:sent/cancel")
    take_jobs()

    assert cancelled.status_code == 202
    assert refused.status_code == 409
    assert [one["code"] for one in refused.json()["errors"]] == ["not_queued"]
    assert producer.status("acme:queued")[0].state is State.CANCELLED
    assert jobs_in(producer) == []


def test_one_message_of_several_is_refused_to_be_cancelled_and_its_job_is_not(
    gateway: Served, other_tenant: Served, producer: Producer, take_jobs: TakeJobs
) -> None:
    sent(gateway, "inv-1", recipient=["a@pec.example", "b@pec.example"])
    take_jobs()

    one = gateway.call("POST", "/v1/messages/acme:inv-1%232/cancel")
    assert (one.status_code, one.json()["type"]) == (422, "urn:pec:problem:one_of_several")
    assert "before the #" in one.json()["detail"]
    assert jobs_in(producer) == []
    assert other_tenant.call("POST", "/v1/messages/acme:inv-1%232/cancel").status_code == 404
    assert gateway.call("POST", "/v1/messages/acme:inv-1/cancel").status_code == 202
    take_jobs()

    assert {one.state for one in producer.status("acme:inv-1")} == {State.CANCELLED}


def test_a_rejected_job_is_found_by_its_entry_behind_any_number_of_others(
    gateway: Served, store: Store, take_jobs: TakeJobs
) -> None:
    digest = sha256(b"a file")
    assert gateway.call("PUT", f"/v1/uploads/{digest}", data=b"a file").status_code == 201
    files = [{"name": "a.txt", "sha256": digest}]
    with store.client.pipeline() as pipeline:
        for _ in range(1100):
            pipeline.xadd(store.keys.jobs, {"job": "{}"})
        pipeline.execute()
    url = sent(gateway, "inv-1", attachments=files)["status_url"]
    store.client.delete(store.keys.upload(digest))
    take_jobs()

    assert gateway.call("GET", url).json()["state"] == "rejected"


def test_what_is_no_cursor_is_refused(gateway: Served) -> None:
    for wrong in ("x", "", "W10", "WzEsIk5hTiJd", "a" * 400):
        answer = gateway.call("GET", "/v1/messages", params={"after": wrong})
        assert answer.status_code in (200, 422), wrong
    assert gateway.call("GET", "/v1/messages?after=x").json()["type"] == "urn:pec:problem:no_cursor"
