"""`pec pause`, `resume`, `resend`, `discard`, `dead`, `replay`."""

from datetime import UTC, datetime

import pytest

from pec.messages import Reason
from pec.names import Queue, State
from pec.store import accounts, heartbeat, outbox, records
from pec.store.store import Store
from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import SEND, Settle, TakeJobs, to


@pytest.fixture
def held(producer: Producer, take_jobs: TakeJobs, change: Settle) -> str:
    producer.send("inv-1", **SEND)
    take_jobs()
    return change("inv-1", to(State.HELD)).id


@pytest.mark.usefixtures("take_jobs")
def test_an_account_is_paused_and_resumed(pec: Pec, store: Store) -> None:
    assert pec("pause", "acme").code == 0
    reason = accounts.state_of(store, "acme").reason
    assert reason is not None
    assert reason.code == "operator"
    assert "already" in pec("pause", "acme").err

    assert pec("resume", "acme").code == 0
    assert accounts.state_of(store, "acme").reason is None
    assert "was not paused" in pec("resume", "acme").err


@pytest.mark.usefixtures("take_jobs")
def test_all_accounts_are_paused_and_resumed(pec: Pec, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SENDER", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.setenv(f"PEC_ACCOUNTS__BETA__{name}", "beta@pec.example")  # not yet known to a worker

    def reasons() -> list[Reason | None]:
        return [accounts.state_of(store, name).reason for name in ("acme", "beta")]

    paused = pec("pause", "--all")
    assert (paused.code, paused.err.splitlines()[:2]) == (0, ["acme: paused", "beta: paused"])
    assert all(reasons())
    assert "acme: it was paused already" in pec("pause", "--all").err

    assert pec("resume", "--all").code == 0
    assert not any(reasons())
    assert "acme: it was not paused" in pec("resume", "--all").err


@pytest.mark.usefixtures("take_jobs")
def test_what_a_worker_paused_is_not_resumed_with_the_rest(pec: Pec, store: Store) -> None:
    accounts.pause(store, "acme", Reason("wallet", "the wallet is empty"))

    assert pec("pause", "--all").code == 0
    resumed = pec("resume", "--all")

    assert "acme: still paused" in resumed.err
    assert "`pec resume acme`" in resumed.err
    reason = accounts.state_of(store, "acme").reason
    assert reason is not None
    assert reason.code == "wallet"


def test_no_account_at_all_is_the_wrong_place(pec: Pec) -> None:
    assert (pec("pause", "--all").code, pec("resume", "--all").code) == (3, 3)


@pytest.mark.parametrize(
    "said",
    [("pause",), ("pause", "acme", "--all"), ("resume",), ("resume", "--all", "--endpoint", "crm")],
)
def test_what_to_pause_or_resume_must_be_said(pec: Pec, said: tuple[str, ...]) -> None:
    assert pec(*said).code == 2


@pytest.mark.usefixtures("take_jobs")
def test_a_mistyped_account_is_not_paused(pec: Pec, store: Store) -> None:
    paused = pec("pause", "amce")

    assert paused.code == 3
    assert "did you mean acme?" in paused.err
    assert not store.client.exists(store.keys.account("amce"))


def test_resending_a_held_message_looks_for_it_once_more(pec: Pec, store: Store, held: str) -> None:
    [resent] = pec("resend", held, "--json").lines

    assert resent["resend"] is True
    assert store.client.zscore(store.keys.due(Queue.LOOKUP), held) is not None


def test_a_discarded_message_has_failed(pec: Pec, store: Store, held: str) -> None:
    assert pec("discard", held).code == 0

    message = records.read(store, held)
    assert message is not None
    assert (message.state, message.reason and message.reason.code) == (State.FAILED, "discarded")


@pytest.mark.parametrize("command", ["resend", "discard"])
def test_only_a_held_message_can_be_decided(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, command: str
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()

    refused = pec(command, "inv-1")

    assert refused.code == 3
    assert "inv-1 is queued: only a held message" in refused.err


def test_one_of_several_messages_must_be_named(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]})
    take_jobs()

    assert "inv-1#1, inv-1#2" in pec("resend", "inv-1").err


def test_a_disabled_endpoint_is_enabled(pec: Pec, store: Store) -> None:
    heartbeat.beat(store, {"endpoint": ["crm"]}, 60)
    store.client.hset(store.keys.endpoint("crm"), "disabled", "1")

    assert pec("resume", "--endpoint", "crm").code == 0

    assert not store.client.hexists(store.keys.endpoint("crm"), "disabled")


def test_an_unknown_endpoint_is_not_enabled(pec: Pec) -> None:
    assert pec("resume", "--endpoint", "crm").code == 3


def test_no_dead_letters_is_an_empty_list(pec: Pec) -> None:
    assert pec("dead", "--json").lines == []


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
    "said", [(), ("--dead", "--since", "2020-01-01T00:00:00Z"), ("--since", "yesterday")]
)
def test_what_to_replay_must_be_said(pec: Pec, said: tuple[str, ...]) -> None:
    assert pec("replay", "--endpoint", "crm", *said).code == 2
