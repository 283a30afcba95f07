"""Batches, accounts, rejections and test events over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest
from standardwebhooks import Webhook

from pec.names import State
from pec.store.store import Store
from producers import Producer
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.serving import Served, a_token, serving
from tests.integration.producing import SEND, Settle, TakeJobs, jobs_in, to

SECRET = "whsec_dGVzdHMgb2YgYW4gYXBwIG9mIHlvdXJzLCAzMiBieXRlcw=="
BATCH = "/v1/batches/acme:november"


@pytest.fixture
def november(gateway: Served, take_jobs: TakeJobs) -> None:
    """A batch of three queued messages."""
    declared = gateway.call("POST", "/v1/batches", json={"account": "acme", "name": "november", "size": 3})
    assert (declared.status_code, declared.json()["id"]) == (202, "acme:november")
    messages = [{**SEND, "id": f"m-{number}", "batch": "november"} for number in range(3)]
    assert gateway.call("POST", "/v1/messages/batch", json={"messages": messages}).status_code == 202
    take_jobs()


@pytest.mark.usefixtures("november")
def test_a_batch_is_counted_paused_resumed_and_cancelled(
    gateway: Served, producer: Producer, take_jobs: TakeJobs, change: Settle
) -> None:
    change("acme:m-0", to(State.DELIVERED))

    assert gateway.call("GET", BATCH).json() == {
        "name": "acme:november",
        "counts": {"queued": 2, "delivered": 1},
        "ended": 1,
        "size": 3,
    }
    assert gateway.call("POST", f"{BATCH}/pause").json()["outcome"] == "paused"
    assert gateway.call("POST", f"{BATCH}/pause").json()["outcome"] == "already_paused"
    paused = gateway.call("GET", BATCH).json()
    assert paused["parked"] == 2
    assert paused["paused"]["reason"]["details"]["by"] == "token everything"
    assert gateway.call("POST", f"{BATCH}/resume").json()["outcome"] == "resumed"
    assert gateway.call("POST", f"{BATCH}/resume").json()["outcome"] == "not_paused"
    assert gateway.call("POST", f"{BATCH}/cancel").status_code == 202
    take_jobs()
    assert producer.status("acme:m-1")[0].state is State.CANCELLED
    assert gateway.call("GET", BATCH).json()["completed_at"]


@pytest.mark.usefixtures("november")
def test_a_foreign_batch_answers_as_a_missing_one(other_tenant: Served, producer: Producer) -> None:
    for method, path in (("GET", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/cancel")):
        foreign = other_tenant.call(method, f"{BATCH}{path}")
        missing = other_tenant.call(method, f"/v1/batches/globex:nothing{path}")
        assert (foreign.status_code, foreign.text) == (404, missing.text)
    refused = other_tenant.call(
        "POST", "/v1/batches", json={"account": "acme", "name": "november", "size": 99}
    )
    assert refused.status_code == 422
    assert jobs_in(producer) == []


def test_a_batch_without_an_account_is_for_tokens_of_all(
    gateway: Served, producer: Producer, store: Store, take_jobs: TakeJobs
) -> None:
    producer.send(id="inv-1", batch="december", **SEND)
    take_jobs()

    assert gateway.call("GET", "/v1/batches/december").status_code == 404
    assert gateway.call("GET", "/v1/batches/december", token=a_token(store, "all", accounts=["*"])).json()[
        "counts"
    ] == {"queued": 1}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"account": "acme", "name": "n"}, "size", "missing_field"),
        ({"account": "acme", "name": "n", "size": 0}, "size", "too_small"),
        ({"account": "acme", "name": "a b", "size": 1}, "id", "not_an_id"),
        ({"account": "acme", "name": 7, "size": 1}, "name", "not_an_id"),
        ({"account": "other", "name": "n", "size": 1}, "account", "unknown_account"),
        ({"account": "acme", "name": "n", "size": 1, "x": 1}, "x", "stray_field"),
        ([], "job", "not_a_job"),
    ],
)
def test_a_wrong_batch_is_refused_by_its_field(gateway: Served, body: object, field: str, code: str) -> None:
    answer = gateway.call("POST", "/v1/batches", json=body)
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]


def test_accounts_show_only_the_tokens_own(
    gateway: Served, other_tenant: Served, take_jobs: TakeJobs
) -> None:
    gateway.call("POST", "/v1/messages", json={**SEND, "id": "inv-1"})
    take_jobs()

    [account] = gateway.call("GET", "/v1/accounts").json()["accounts"]

    assert (account["name"], account["waiting"], account["served"]) == ("acme", 1, True)
    assert account["room"]["expected_bytes"] == 0
    assert account["caps"]["allowed_per_minute"] > 0
    assert other_tenant.call("GET", "/v1/accounts").json() == {"accounts": []}


def test_rejections_come_in_pages_of_the_tokens_own(
    gateway: Served, other_tenant: Served, producer: Producer, store: Store, take_jobs: TakeJobs
) -> None:
    for number in range(3):
        job = {**SEND, "type": "send", "id": f"acme:r-{number}", "recipient": "nobody"}
        producer.store.client.xadd(store.keys.jobs, {"job": json.dumps(job)})
    producer.store.client.xadd(store.keys.jobs, {"job": "{"})
    take_jobs()

    first = gateway.call("GET", "/v1/rejections?limit=2").json()
    second = gateway.call("GET", f"/v1/rejections?limit=2&after={first['next']}").json()
    every = gateway.call("GET", "/v1/rejections", token=a_token(store, "all", accounts=["*"])).json()

    found = [one["id"] for one in first["rejections"] + second["rejections"]]
    assert found == ["acme:r-2", "acme:r-1", "acme:r-0"]
    assert first["rejections"][0]["errors"][0]["code"] == "not_an_address"
    assert len(every["rejections"]) == 4
    assert other_tenant.call("GET", "/v1/rejections").json() == {"rejections": []}


class _Received(BaseHTTPRequestHandler):
    """Keeps what was posted."""

    posts: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posts.append((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        return


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Received)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/pec"
    server.shutdown()
    server.server_close()


def test_a_test_event_is_signed_and_delivered(server: EmbeddedServer, store: Store, endpoint: str) -> None:
    stated = [
        {"name": "app", "url": endpoint, "secret": SECRET},
        {"name": "down", "url": "http://127.0.0.1:9/", "secret": SECRET},
    ]
    environment = {"PEC_WEBHOOKS__ENDPOINTS": json.dumps(stated), "PEC_WEBHOOKS__ALLOW_PRIVATE": "true"}
    with serving(store, server.url, environment=environment) as limited:
        every = replace(limited, token=a_token(store, "all", accounts=["*"]))
        delivered = every.call("POST", "/v1/webhooks/app/test").json()
        failed = every.call("POST", "/v1/webhooks/down/test").json()
        unknown = every.call("POST", "/v1/webhooks/nothing/test")
        refused = limited.call("POST", "/v1/webhooks/app/test")

    assert delivered == {"endpoint": "app", "outcome": "delivered"}
    assert (failed["outcome"], failed["code"]) == ("failed", "network")
    assert (refused.status_code, refused.text) == (404, unknown.text)
    [(headers, body)] = _Received.posts
    assert Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
    assert json.loads(body)["type"] == "test"
