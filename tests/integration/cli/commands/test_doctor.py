"""`pec doctor` and `pec health`, with an API that answers over real HTTP."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pec.names import Queue
from pec.store import heartbeat, outbox
from pec.store.store import Store
from tests.integration.commands import Pec, Ran
from tests.wire import Wire, answering

QUOTA = {"success": True, "message": "", "data": {"usage": 1, "limit": 1024}}


@contextmanager
def api(monkeypatch: pytest.MonkeyPatch, status: int, envelope: object) -> Iterator[None]:
    """The configured account's API answers so."""
    with Wire(answering(status, envelope)) as wire:
        configure(monkeypatch, wire.url)
        yield


def configure(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    settings = {"API__URL": url, "API__TOKEN": "tok", "ACCOUNTS__ACME__SENDER": "me@pec.example"}
    settings |= {"ACCOUNTS__ACME__USERNAME": "me", "ACCOUNTS__ACME__PASSWORD": "hunter2"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PEC_{name}", value)


@pytest.fixture
def workers(store: Store) -> None:
    queues = [str(queue) for queue in Queue]
    seen = {"worker": ["w1"], "queue": queues, "account": ["acme"]}
    heartbeat.beat(store, seen, 60, {"host": "another-container", "pid": "7"})


def marks(ran: Ran) -> dict[str, str]:
    return {line["what"]: line["mark"] for line in ran.lines}


@pytest.mark.usefixtures("workers")
def test_a_sound_installation_is_all_ok(pec: Pec, monkeypatch: pytest.MonkeyPatch) -> None:
    with api(monkeypatch, 200, QUOTA):
        ran = pec("doctor", "--json")

    assert set(marks(ran).values()) == {"ok"}
    assert marks(ran)["account acme: its credentials are accepted"] == "ok"
    assert ran.code == 0


@pytest.mark.usefixtures("workers")
def test_refused_credentials_fail_and_name_the_variables(pec: Pec, monkeypatch: pytest.MonkeyPatch) -> None:
    with api(monkeypatch, 401, {"success": False, "message": "Authorization is not valid or empty"}):
        ran = pec("doctor")

    assert ran.code == 1
    assert "PEC_ACCOUNTS__ACME__PASSWORD" in ran.out
    assert "hunter2" not in ran.out + ran.err


@pytest.mark.usefixtures("workers")
def test_an_api_out_of_reach_ends_with_four(pec: Pec, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, "http://127.0.0.1:1")

    assert pec("doctor").code == 4


PAGE = b"<!doctype html><title>Benvenuti</title>"
NOTHING_HERE = "what answers is not the API"
NO_ANSWER = "the API gave no usable answer"


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize(
    ("status", "answer", "code", "words"),
    [
        (404, {"success": False, "message": "Not Found"}, 1, NOTHING_HERE),
        (404, PAGE, 1, NOTHING_HERE),
        (200, PAGE, 1, NOTHING_HERE),
        (301, PAGE, 1, NOTHING_HERE),
        (502, PAGE, 0, NO_ANSWER),
        (500, {"success": False, "message": "error"}, 0, NO_ANSWER),
        (200, {"success": False, "message": "<busy>"}, 0, NO_ANSWER),
    ],
)
def test_a_wrong_address_of_the_api_fails_and_an_outage_is_warned_of(
    pec: Pec, monkeypatch: pytest.MonkeyPatch, status: int, answer: object, code: int, words: str
) -> None:
    with api(monkeypatch, status, answer):
        ran = pec("doctor")

    assert ran.code == code
    assert words in ran.out
    assert ("PEC_API__URL" in ran.out) == (words == NOTHING_HERE)


@pytest.mark.usefixtures("workers")
def test_what_can_lose_data_fails(pec: Pec, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.client.config_set("appendfsync", "everysec")
    try:
        with api(monkeypatch, 200, QUOTA):
            ran = pec("doctor")
    finally:
        store.client.config_set("appendfsync", "always")

    assert ran.code == 1
    assert re.search(r"→ `redis-cli -s \S+ CONFIG SET appendfsync always`", ran.out)


@pytest.mark.usefixtures("workers")
def test_an_endpoint_that_no_worker_serves_fails(
    pec: Pec, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "whsec_" + "QUFB" * 8
    endpoint = {"name": "crm", "url": "https://crm.example.it/", "secret": secret}
    monkeypatch.setenv("PEC_WEBHOOKS__ENDPOINTS", json.dumps([endpoint]))
    with api(monkeypatch, 200, QUOTA):
        unserved = pec("doctor", "--json")
        heartbeat.beat(store, {"endpoint": ["crm"]}, 60)
        outbox.ensure(store, ["crm"])
        served = pec("doctor", "--json")

    assert (unserved.code, served.code) == (1, 0)
    assert marks(unserved)["no live worker serves the endpoint crm"] == "fail"
    assert marks(served)["every endpoint is served"] == "ok"


def test_without_a_worker_it_is_neither_sound_nor_healthy(pec: Pec) -> None:
    assert pec("doctor").code == 1
    assert pec("health").code == 4


@pytest.mark.usefixtures("workers")
def test_with_a_worker_it_is_healthy(pec: Pec) -> None:
    assert pec("health").code == 0


@pytest.mark.usefixtures("workers")
def test_what_stands_still_is_neither_sound_nor_healthy(
    pec: Pec, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.client.zadd(store.keys.lane("acme"), {"m": 1})  # as jobs stood after a flush, under a living worker

    with api(monkeypatch, 200, QUOTA):
        ran = pec("doctor", "--json")
    healthy = pec("health")

    assert marks(ran)["account acme: 1 message waits and has no turn"] == "fail"
    assert ran.code == 1
    assert healthy.code == 4
    assert "has no turn" in healthy.err
    assert "has no turn" in pec("status").err


@pytest.mark.usefixtures("workers")
def test_without_dramatiqs_database_it_is_not_healthy(pec: Pec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_BROKER_URL", "redis://127.0.0.1:1/1")

    ran = pec("health")

    assert ran.code == 4
    assert "Dramatiq's database redis://127.0.0.1:1/1 can't be used" in ran.err


def registered(store: Store, host: str, pid: int, seconds: float = 60) -> None:
    heartbeat.beat(store, {"worker": ["w1"]}, seconds, {"host": host, "pid": str(pid)})


def test_a_worker_of_this_machine_makes_it_healthy_here(pec: Pec, store: Store) -> None:
    registered(store, socket.gethostname(), os.getpid())

    assert pec("health", "--local").code == 0


def test_a_worker_of_another_machine_does_not_make_it_healthy_here(pec: Pec, store: Store) -> None:
    registered(store, "another-container", os.getpid())

    assert pec("health").code == 0
    ran = pec("health", "--local")
    assert ran.code == 4
    assert ran.err.startswith(f"pec: no worker is alive on {socket.gethostname()}: ")


def test_a_killed_worker_is_not_healthy_though_its_registration_still_stands(pec: Pec, store: Store) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    registered(store, socket.gethostname(), ended.pid)

    assert pec("health").code == 0
    assert pec("health", "--local").code == 4


def test_a_worker_that_hangs_and_no_longer_registers_is_not_healthy(pec: Pec, store: Store) -> None:
    registered(store, socket.gethostname(), os.getpid(), seconds=-1)

    assert pec("health", "--local").code == 4


def test_the_remedy_for_redis_out_of_reach_is_reported_once(
    pec: Pec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", "redis://127.0.0.1:1/0")

    assert pec("doctor").out.count("PEC_REDIS_URL") == 1


def test_redis_out_of_reach_ends_with_four_and_no_password_is_shown(
    pec: Pec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_REDIS_URL", "redis://user:hunter2@127.0.0.1:1/0")

    for command in ("doctor", "health"):
        ran = pec(command)
        assert ran.code == 4
        assert "PEC_REDIS_URL" in ran.out + ran.err
        assert "hunter2" not in ran.out + ran.err
