"""`pec replay` and `pec dead`: deliveries to an endpoint once more."""

from datetime import UTC, datetime

import pytest

from pec.store import outbox
from pec.store.store import Store
from tests.integration.commands import Pec


def test_no_dead_letters_is_an_empty_list(pec: Pec) -> None:
    assert pec("dead", "--json").lines == []


def test_dead_letters_of_a_mistyped_endpoint_are_not_none(pec: Pec, store: Store) -> None:
    store.client.zadd(store.keys.seen("endpoint"), {"crm": store.now()})

    listed = pec("dead", "--endpoint", "cmr")

    assert listed.code == 3
    assert "there is no endpoint cmr: did you mean crm?" in listed.err


def test_a_replay_sets_the_endpoint_back(pec: Pec, store: Store, held: str) -> None:
    store.client.xgroup_create(store.keys.events, "endpoint:crm", id="$")

    replayed = pec("replay", "--endpoint", "crm", "--since", "2020-01-01T00:00:00Z", "--json")

    assert replayed.lines == [{"endpoint": "crm", "replayed": True}]
    [state] = outbox.status(store, ["crm"])
    assert state.lag is None or state.lag > 0


def test_a_replay_from_tomorrow_repeats_nothing(pec: Pec, store: Store, held: str) -> None:
    store.client.xgroup_create(store.keys.events, "endpoint:crm", id="$")
    tomorrow = datetime.now(UTC).replace(year=2099).isoformat()

    assert (
        "Endpoint crm has not reached that point yet"
        in pec("replay", "--endpoint", "crm", "--since", tomorrow).err
    )


def test_an_endpoint_that_no_worker_ever_had_can_not_be_replayed(pec: Pec) -> None:
    assert pec("replay", "--endpoint", "crm", "--since", "2020-01-01T00:00:00Z").code == 3
    assert pec("replay", "--endpoint", "crm", "--dead").code == 3


@pytest.mark.parametrize(
    "said",
    [
        (),
        ("--dead", "--since", "2020-01-01T00:00:00Z"),
        ("--since", "yesterday"),
        ("--since", "2026-11-23T09:30:00"),
    ],
)
def test_what_to_replay_must_be_said(pec: Pec, said: tuple[str, ...]) -> None:
    assert pec("replay", "--endpoint", "crm", *said).code == 2
