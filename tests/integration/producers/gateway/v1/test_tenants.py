"""A token of another tenant learns nothing: what is not its own answers as what is not there."""

import base64
import json
from typing import Any

import pytest

from pec.names import State
from pec.store import by_account
from pec.store.store import Store
from producers import Producer
from tests.integration.producers.gateway.serving import Served, a_token
from tests.integration.producing import SEND, TakeJobs, jobs_in


@pytest.fixture
def message(gateway: Served, take_jobs: TakeJobs) -> dict[str, Any]:
    """A message of `acme`, taken by workers."""
    answer = gateway.call("POST", "/v1/messages", json={**SEND, "id": "inv-1", "batch": "november"})
    take_jobs()
    found: dict[str, Any] = answer.json()
    return found


def test_a_foreign_message_answers_as_a_missing_one(
    other_tenant: Served, message: dict[str, Any], producer: Producer
) -> None:
    for method, path in (("GET", ""), ("POST", "/cancel")):
        foreign = other_tenant.call(method, f"/v1/messages/{message['id']}{path}")
        missing = other_tenant.call(method, f"/v1/messages/acme:missing{path}")
        assert (foreign.status_code, foreign.text) == (missing.status_code, missing.text)
        assert foreign.status_code == 404
    assert jobs_in(producer) == []


def test_a_foreign_job_that_no_worker_has_taken_is_not_shown(gateway: Served, other_tenant: Served) -> None:
    answer = gateway.call("POST", "/v1/messages", json={**SEND, "id": "inv-1"}).json()

    assert other_tenant.call("GET", answer["status_url"]).status_code == 404
    of_another = answer["status_url"].replace("acme:inv-1", "globex:inv-1")
    assert other_tenant.call("GET", of_another).status_code == 404


def test_lists_hold_only_the_tokens_own(other_tenant: Served, message: dict[str, Any]) -> None:
    for query in ("", "?account=acme", "?state=queued", "?batch=acme:november", "?batch=november"):
        answer = other_tenant.call("GET", f"/v1/messages{query}")
        assert (answer.status_code, answer.json()) == (200, {"messages": []})


def _many_of(store: Store, account: str) -> None:
    for number in range(1500):
        name = f"{account}:m-{number:04}"
        store.client.zadd(store.keys.state(State.QUEUED), {name: 5.0 + number})
        store.client.zadd(store.keys.members(f"{account}:november"), {name: number})
        store.client.hset(store.keys.message(name), mapping={"account": account, "state": "queued"})


def test_the_messages_of_others_take_no_page_of_a_list(
    gateway: Served, store: Store, message: dict[str, Any]
) -> None:
    _many_of(store, "globex")
    assert "next" in gateway.call("GET", "/v1/messages?state=queued").json()
    assert by_account.complete(store), "a pass that entered something"
    assert not by_account.complete(store), (
        "and one that found all entered, from which on lists trust the index"
    )

    listed = gateway.call("GET", "/v1/messages?state=queued").json()

    assert [one["id"] for one in listed["messages"]] == [message["id"]]
    assert "next" not in listed
    assert gateway.call("GET", "/v1/messages?account=globex").json() == {"messages": []}


def test_cursors_show_nothing_of_foreign_messages(
    gateway: Served, other_tenant: Served, store: Store
) -> None:
    _many_of(store, "acme")

    cursor = other_tenant.call("GET", "/v1/messages?state=queued").json()["next"]

    assert b"acme" not in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = base64.urlsafe_b64encode(json.dumps([700.0, "zzz"]).encode()).decode().rstrip("=")
    for wrong in (forged, gateway.call("GET", "/v1/messages").json()["next"]):
        assert other_tenant.call("GET", f"/v1/messages?after={wrong}").status_code == 422


def test_a_large_foreign_batch_answers_as_a_missing_one(other_tenant: Served, store: Store) -> None:
    _many_of(store, "acme")

    for name in ("acme:november", "acme:december"):
        assert other_tenant.call("GET", f"/v1/messages?batch={name}").json() == {"messages": []}


def test_a_foreign_account_can_not_send_and_sees_its_own_names_only(
    other_tenant: Served, producer: Producer
) -> None:
    foreign = other_tenant.call("POST", "/v1/messages", json={**SEND, "id": "x"})
    missing = other_tenant.call("POST", "/v1/messages", json={**SEND, "id": "x", "account": "nothing"})

    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
    [fault] = foreign.json()["errors"]
    assert (fault["field"], fault["code"]) == ("account", "unknown_account")
    assert "globex" in fault["reason"]
    assert "acme" not in foreign.text
    assert jobs_in(producer) == []


def test_names_of_another_tenant_can_not_be_taken(other_tenant: Served, producer: Producer) -> None:
    stated = {**SEND, "account": "globex", "id": "acme:inv-1", "batch": "acme:november"}

    answer = other_tenant.call("POST", "/v1/messages", json=stated)

    assert answer.status_code == 202
    [job] = jobs_in(producer)
    assert (job["id"], job["batch"]) == ("globex:acme:inv-1", "globex:acme:november")


def test_an_endpoint_is_named_by_tokens_of_all_accounts_only(
    gateway: Served, store: Store, producer: Producer
) -> None:
    stated = {**SEND, "id": "x", "webhook": "crm"}
    limited = gateway.call("POST", "/v1/messages", json=stated)
    every = a_token(store, "every", accounts=["*"])
    allowed = gateway.call("POST", "/v1/messages", json=stated, token=every)

    assert [one["code"] for one in limited.json()["errors"]] == ["no_endpoint_known"]
    assert allowed.status_code == 202
    assert len(jobs_in(producer)) == 1


def test_a_rejection_names_no_account_of_others(
    other_tenant: Served, producer: Producer, take_jobs: TakeJobs
) -> None:
    answer = other_tenant.call("POST", "/v1/messages", json={**SEND, "account": "globex", "id": "x"})
    take_jobs()  # workers serve `acme` alone

    rejected = other_tenant.call("GET", answer.json()["status_url"])

    assert rejected.json()["state"] == "rejected"
    assert [one["code"] for one in rejected.json()["errors"]] == ["no_account_known"]
    assert "acme" not in rejected.text


def test_a_cancel_of_a_foreign_message_under_ones_own_prefix_is_refused(
    other_tenant: Served, producer: Producer, take_jobs: TakeJobs
) -> None:
    producer.send(id="globex:inv-1", **SEND)  # by a program with Redis, which may choose any id
    take_jobs()

    assert other_tenant.call("POST", "/v1/messages/globex:inv-1/cancel").status_code == 404
    assert jobs_in(producer) == []


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("v1:send", "POST /v1/messages"),
        ("v1:read", "GET /v1/messages"),
        ("v1:manage", "POST /v1/messages/acme:x/cancel"),
    ],
)
def test_each_operation_asks_for_its_scope(gateway: Served, store: Store, scope: str, allowed: str) -> None:
    token = a_token(store, "one-scope", scopes=[scope])
    for operation in ("POST /v1/messages", "GET /v1/messages", "POST /v1/messages/acme:x/cancel"):
        method, path = operation.split()
        answer = gateway.call(method, path, token=token, **({"json": {}} if method == "POST" else {}))
        assert (answer.status_code == 403) == (operation != allowed), operation
        assert gateway.call(method, path, token="").status_code == 401
