"""The API's circuit: what opens it, which message is risked to try it."""

import pytest

from config.settings import Api
from pec.store import pacing
from pec.store.pacing import Outcome
from pec.store.store import Store
from tests.integration.pec.store import slots
from tests.integration.pec.store.slots import TOKEN, picked, waiting

store = slots.store


def test_three_silent_answers_stop_all_but_one_probe(store: Store) -> None:
    for number in range(6):
        waiting(store, f"m{number}", number)
    for _ in range(3):
        found = picked(store)
        assert found
        assert not found.probe
        pacing.finish_send(store, TOKEN, found.message.id, "silent")
    assert picked(store) is None
    store.client.hset(store.keys.circuit, "next_at", 0)
    probe = picked(store)
    assert probe
    assert probe.probe
    assert picked(store) is None
    pacing.finish_send(store, TOKEN, probe.message.id, "answered")
    found = picked(store)
    assert found
    assert not found.probe


def test_a_silent_answer_reported_twice_because_the_reply_was_lost_counts_once(store: Store) -> None:
    for number in range(2):
        waiting(store, f"m{number}", number)
        found = picked(store)
        assert found
        for _ in range(2):
            pacing.finish_send(store, TOKEN, found.message.id, "silent")

    assert store.client.hget(store.keys.circuit, "failures") == b"2"


def test_what_was_on_the_wire_when_the_circuit_opened_lengthens_no_wait(store: Store) -> None:
    for number in range(8):
        waiting(store, f"m{number}", number)
    on_the_wire = [found.message.id for _ in range(8) if (found := picked(store, Api(in_flight=8)))]
    assert len(on_the_wire) == 8

    for message_id in on_the_wire:
        pacing.finish_send(store, TOKEN, message_id, "silent")

    opens_at = float(store.client.hget(store.keys.circuit, "next_at") or 0) / 1e6
    assert opens_at - store.now() <= 5


@pytest.mark.parametrize(
    ("outcome", "seconds"),
    [("unreachable", [5, 10, 20, 40, 60, 60, 60]), ("silent", [5, 120, 240, 300, 300, 300, 300])],
)
def test_a_probe_that_risks_a_message_goes_more_seldom(
    store: Store, outcome: Outcome, seconds: list[int]
) -> None:
    waits = []
    for _ in range(9):
        store.client.hset(store.keys.circuit, "next_at", 0)
        store.client.zadd(store.keys.in_flight(TOKEN), {"m": 1})
        pacing.finish_send(store, TOKEN, "m", outcome)
        opens_at = float(store.client.hget(store.keys.circuit, "next_at") or 0) / 1e6
        waits.append(round(opens_at - store.now()))

    assert waits[2:] == seconds


def test_a_failure_reported_twice_ends_no_other_probe(store: Store) -> None:
    for number in range(4):
        waiting(store, f"m{number}", number)
    for _ in range(3):
        found = picked(store)
        assert found
        pacing.finish_send(store, TOKEN, found.message.id, "silent")
    store.client.hset(store.keys.circuit, "next_at", 0)
    assert picked(store), "the probe"

    pacing.finish_send(store, TOKEN, "m2", "silent")  # its reply was lost the first time

    assert store.client.hget(store.keys.circuit, "probe_until"), "or two would probe at once"
