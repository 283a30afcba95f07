"""/inbox and /quota are passed through to the API; no mail is deleted by its id."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from urllib.parse import unquote_plus

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.calls import pec
from tests.integration.producers.gateway.serving import (
    MAILBOX,
    PASSWORD,
    SENDER,
    USERNAME,
    Served,
    a_token,
    serving,
)
from tests.integration.sandbox.serving import AT_ONCE
from tests.integration.sandbox.serving import Served as Sandbox
from tests.integration.sandbox.serving import serving as serving_sandbox

OTHER = {"x-username": "beta-user", "x-password": "beta-word"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    boxes = (f"{SENDER}:{USERNAME}:{PASSWORD}", "beta@pec.example:beta-user:beta-word")
    options = [part for one in boxes for part in ("--mailbox", one)]
    with serving_sandbox(*AT_ONCE, "--token", "upstream-token", *options) as served:
        for number in range(3):
            mail = {"mailbox": SENDER, "sender": "a@b.example", "subject": f"n. {number}", "text": "però"}
            assert served.call("POST", "/_sandbox/receipts", json=mail).ok
        yield served


@pytest.fixture(scope="module")
def passing(server: EmbeddedServer, sandbox: Sandbox) -> Iterator[Served]:
    with connect(server.url) as client:
        client.flushall()
        api = {"PEC_API__URL": sandbox.url, "PEC_API__READ_RATE": "1000"}
        with serving(Store(client, "pec"), server.url, environment=api) as served:
            yield served


@pytest.fixture
def gateway(passing: Served, redis: Redis, store: Store) -> Served:
    return replace(passing, token=a_token(store))


def test_a_page_of_the_inbox_is_the_api_s(gateway: Served) -> None:
    page = gateway.call("GET", "/inbox", headers=MAILBOX).json()

    assert [one["object"] for one in page["data"]] == ["n. 2", "n. 1", "n. 0"]
    assert (page["total"], page["page"], page["success"]) == (3, 1, True)


def test_a_search_is_passed_on(gateway: Served) -> None:
    found = gateway.call("GET", "/inbox", headers=MAILBOX, params={"q": "n. 1", "page": "1"}).json()

    assert [one["object"] for one in found["data"]] == ["n. 1"]


def test_one_mail_has_its_text_form_encoded(gateway: Served) -> None:
    [first, *_] = gateway.call("GET", "/inbox", headers=MAILBOX).json()["data"]

    mail = gateway.call("GET", f"/inbox/{first['id']}", headers=MAILBOX).json()["data"]

    assert (mail["object"], unquote_plus(mail["body"]).strip()) == ("n. 2", "però")


def test_a_mail_that_is_not_there_is_not_found(gateway: Served) -> None:
    answer = gateway.call("GET", "/inbox/999", headers=MAILBOX)

    assert (answer.status_code, answer.json()["message"]) == (404, "Message not found")


def test_the_quota_is_the_api_s(gateway: Served) -> None:
    assert gateway.call("GET", "/quota/inbox", headers=MAILBOX).json()["data"]["limit"] == 1048576
    unknown = gateway.call("GET", "/quota/other", headers=MAILBOX)
    assert (unknown.status_code, unknown.json()["success"]) == (400, False)


def test_each_mailbox_shows_its_own_mails(gateway: Served, store: Store) -> None:
    token = a_token(store, "beta", accounts=["beta"])

    [_, *_] = gateway.call("GET", "/inbox", headers=MAILBOX).json()["data"]
    assert gateway.call("GET", "/inbox", token=token, headers=OTHER).json()["data"] == []
    assert gateway.call("GET", "/inbox", token=token, headers=MAILBOX).status_code == 401


def test_a_mail_that_is_deleted_is_put_away_and_stays_in_the_mailbox(
    gateway: Served, sandbox: Sandbox
) -> None:
    [first, second, _] = gateway.call("GET", "/inbox", headers=MAILBOX).json()["data"]

    deleted = gateway.call("DELETE", f"/inbox/{first['id']}", headers=MAILBOX)
    assert (deleted.status_code, deleted.json()) == (200, {"success": True, "message": "Message deleted"})

    left = gateway.call("GET", "/inbox", headers=MAILBOX).json()["data"]
    assert [one["object"] for one in left] == ["n. 1", "n. 0"]
    assert left[0] == second
    assert gateway.call("GET", f"/inbox/{first['id']}", headers=MAILBOX).status_code == 404
    assert gateway.call("DELETE", f"/inbox/{first['id']}", headers=MAILBOX).status_code == 200
    assert not [one for one in sandbox.requests() if one["method"] == "DELETE"]


def test_a_page_whose_mails_were_all_put_away_shows_the_next(
    gateway: Served, sandbox: Sandbox, store: Store
) -> None:
    for number in range(27):
        mail = {
            "mailbox": "beta@pec.example",
            "sender": "a@b.example",
            "subject": f"m. {number}",
            "text": "x",
        }
        assert sandbox.call("POST", "/_sandbox/receipts", json=mail).ok
    token = a_token(store, "beta", accounts=["beta"])
    page = gateway.call("GET", "/inbox", token=token, headers=OTHER).json()["data"]
    assert len(page) == 25
    for one in page:
        gateway.call("DELETE", f"/inbox/{one['id']}", token=token, headers=OTHER)

    left = gateway.call("GET", "/inbox", token=token, headers=OTHER).json()["data"]
    assert [one["object"] for one in left] == ["m. 1", "m. 0"]


def test_an_api_that_fails_is_a_503_in_the_vendor_s_envelope(gateway: Served, sandbox: Sandbox) -> None:
    sandbox.make("fault", operation="GET /inbox", status=502, body="<h1>Bad gateway</h1>")

    answer = gateway.call("GET", "/inbox", headers=MAILBOX)

    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert int(answer.headers["Retry-After"]) >= 1


def test_reads_beyond_the_pace_of_the_api_wait_or_are_refused(
    passing: Served, redis: Redis, store: Store, redis_url: str, sandbox: Sandbox
) -> None:
    api = {"PEC_API__URL": sandbox.url, "PEC_API__READ_RATE": "0.2"}
    with serving(store, redis_url, environment=api) as slow:
        statuses = [slow.call("GET", "/quota/inbox", headers=MAILBOX).status_code for _ in range(3)]

    assert 429 in statuses


def test_an_api_that_never_answers_holds_up_neither_sends_nor_readiness(
    server: EmbeddedServer, store: Store
) -> None:
    with ThreadPoolExecutor(100) as pool, closing(socket.create_server(("127.0.0.1", 0), backlog=200)) as api:
        url = f"http://127.0.0.1:{api.getsockname()[1]}"
        environment = {"PEC_API__URL": url, "PEC_API__READ_RATE": "1000"}
        with serving(store, server.url, environment=environment) as gateway:
            calls = [pool.submit(gateway.call, "GET", "/inbox", headers=MAILBOX) for _ in range(100)]
            refused = next(as_completed(calls, timeout=60)).result()
            began = time.monotonic()
            sent = gateway.call("POST", "/send", json=pec())
            ready = gateway.call("GET", "/health/ready")
            seconds = time.monotonic() - began
            api.close()  # which ends the calls

            assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
            assert (sent.status_code, ready.status_code) == (201, 200)
            assert seconds < 15
            assert {one.result().status_code for one in calls} == {503}
