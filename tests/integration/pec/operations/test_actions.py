"""Every action of an operator against a real store: its result, its effect, and the code of what it refuses."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from config.settings import Settings
from pec.changes import changed
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.operations import actions
from pec.operations.actions import AccountResumed
from pec.operations.refusals import Contended, Refused
from pec.store import accounts, dead_letters, heartbeat, outbox, records
from pec.store.commits import commit
from pec.store.store import Store
from producers import Producer
from tests.integration.pec.store.deliveries import REFUSED, give_up, publish, publish_one, take, take_all
from tests.integration.producing import SEND, Settle, TakeJobs, to

MAILBOX = {"sender": "a@pec.example", "username": "a", "password": "p", "token": "t"}
SETTINGS = Settings.model_validate({"accounts": {"acme": MAILBOX, "beta": MAILBOX}})
WALLET = Reason("wallet", "the wallet is empty")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Decision = Callable[[Store, str], Message]
decisions = pytest.mark.parametrize("decide", [actions.resend, actions.discard])


def code_of(act: Callable[[], object]) -> str:
    """Return the code with which an action is refused."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def cause(store: Store, account: str) -> str | None:
    """Return the code of an account's pause."""
    reason = accounts.state_of(store, account).reason
    return reason.code if reason else None


def stored(store: Store, message_id: str) -> Message:
    found = records.read(store, message_id)
    assert found is not None
    return found


@pytest.fixture
def message(producer: Producer, take_jobs: TakeJobs) -> str:
    producer.send("m", **SEND)
    take_jobs()
    return "m"


@pytest.fixture
def batch(producer: Producer, take_jobs: TakeJobs) -> str:
    """Return the name of a batch of two queued messages."""
    for one in ("m1", "m2"):
        producer.send(one, **SEND, batch="november")
    take_jobs()
    return "november"


@pytest.fixture
def shop(store: Store) -> str:
    """Return the name of an endpoint that a worker has served, and that has one dead letter."""
    heartbeat.beat(store, {"endpoint": ["shop"]}, 60)
    publish_one(store)
    give_up(store, take(store), REFUSED)
    return "shop"


# Accounts


def test_an_account_is_paused_once_and_resumed_once(store: Store) -> None:
    assert actions.pause_account(store, SETTINGS, "acme")
    assert not actions.pause_account(store, SETTINGS, "acme")
    assert (cause(store, "acme"), cause(store, "beta")) == ("operator", None)

    assert actions.resume_account(store, SETTINGS, "acme")
    assert not actions.resume_account(store, SETTINGS, "acme")
    assert cause(store, "acme") is None


def test_an_operator_resumes_one_account_whatever_paused_it(store: Store) -> None:
    accounts.pause(store, "acme", WALLET)

    assert actions.resume_account(store, SETTINGS, "acme")
    assert cause(store, "acme") is None


def test_a_pause_keeps_the_cause_that_a_worker_gave(store: Store) -> None:
    accounts.pause(store, "acme", WALLET)

    assert actions.pause_accounts(store, SETTINGS) == {"acme": False, "beta": True}
    assert cause(store, "acme") == "wallet"


def test_all_accounts_are_resumed_but_those_with_a_cause(store: Store) -> None:
    accounts.pause(store, "acme", WALLET)
    actions.pause_account(store, SETTINGS, "beta")

    assert actions.resume_accounts(store, SETTINGS) == [
        AccountResumed("acme", resumed=False, still_paused=WALLET),
        AccountResumed("beta", resumed=True),
    ]
    assert (cause(store, "acme"), cause(store, "beta")) == ("wallet", None)


def test_an_account_that_only_a_worker_has_is_known(store: Store) -> None:
    heartbeat.beat(store, {"account": ["gamma"]}, 60)

    assert actions.pause_account(store, Settings(), "gamma")


@pytest.mark.parametrize("act", [actions.pause_account, actions.resume_account])
def test_an_unknown_account_is_refused_and_leaves_no_key(
    store: Store, act: Callable[[Store, Settings, str], bool]
) -> None:
    assert code_of(lambda: act(store, SETTINGS, "amce")) == "unknown_account"
    assert not store.client.exists(store.keys.account("amce"))


@pytest.mark.parametrize("act", [actions.pause_accounts, actions.resume_accounts])
def test_all_accounts_are_refused_if_there_is_none(
    store: Store, act: Callable[[Store, Settings], object]
) -> None:
    assert code_of(lambda: act(store, Settings())) == "no_account"


# Batches


def test_a_batch_is_paused_with_the_operator_and_the_time(store: Store, batch: str) -> None:
    paused = actions.pause_batch(store, batch, "anna@office")

    assert not paused.already
    assert paused.state
    assert (paused.state.parked, paused.state.reason.details["by"]) == (2, "anna@office")
    assert abs((paused.state.since - paused.at).total_seconds()) < 10
    assert store.client.zcard(store.keys.lane("acme")) == 0


def test_a_second_pause_of_a_batch_keeps_the_first_operator(store: Store, batch: str) -> None:
    actions.pause_batch(store, batch, "anna@office")
    again = actions.pause_batch(store, batch, "bruno@office")

    assert again.already
    assert again.state
    assert again.state.reason.details["by"] == "anna@office"


def test_a_resumed_batch_has_its_places_in_line(store: Store, batch: str) -> None:
    actions.pause_batch(store, batch, "anna@office")

    assert actions.resume_batch(store, batch) == "resumed"
    assert store.client.zrange(store.keys.lane("acme"), 0, -1) == [b"m1", b"m2"]
    assert actions.resume_batch(store, batch) == "not_paused"


def test_a_resumed_batch_may_have_nothing_left_to_send(store: Store, batch: str, change: Settle) -> None:
    for one in ("m1", "m2"):
        change(one, lambda found: changed(found, datetime.now(UTC), {"state": State.CANCELLED}))
    actions.pause_batch(store, batch, "anna@office")

    assert actions.resume_batch(store, batch) == "nothing_left"


def test_an_unknown_batch_is_refused_and_leaves_no_key(store: Store, batch: str) -> None:
    assert code_of(lambda: actions.pause_batch(store, "novembr", "anna@office")) == "unknown_batch"
    assert code_of(lambda: actions.resume_batch(store, "novembr")) == "unknown_batch"
    assert not store.client.exists(store.keys.batch("novembr"), store.keys.paused)


# Held messages


def test_a_held_message_is_looked_for_before_it_is_sent_again(
    store: Store, message: str, change: Settle
) -> None:
    change(message, to(State.HELD))

    found = actions.resend(store, message)

    assert (found.state, found.resend) == (State.HELD, True)
    assert found.version == stored(store, message).version
    assert store.client.zscore(store.keys.due(Queue.LOOKUP), message) is not None


def test_a_discarded_message_fails_and_is_looked_for_no_more(
    store: Store, message: str, change: Settle
) -> None:
    change(message, to(State.HELD))
    actions.resend(store, message)

    found = actions.discard(store, message)

    assert (found.state, found.reason and found.reason.code) == (State.FAILED, "discarded")
    assert found.version == stored(store, message).version
    assert store.client.zscore(store.keys.due(Queue.LOOKUP), message) is None


@decisions
@pytest.mark.parametrize("state", [one for one in State if one is not State.HELD])
def test_a_message_that_is_not_held_is_refused_and_stays(
    store: Store, message: str, change: Settle, decide: Decision, state: State
) -> None:
    change(message, to(state))
    before = stored(store, message)

    assert code_of(lambda: decide(store, message)) == "not_allowed"
    assert stored(store, message) == before


@decisions
def test_an_id_without_a_message_is_refused(store: Store, decide: Decision) -> None:
    assert code_of(lambda: decide(store, "no-such")) == "unknown_message"


@decisions
def test_a_job_of_several_messages_is_refused(
    store: Store, producer: Producer, take_jobs: TakeJobs, decide: Decision
) -> None:
    producer.send("two", **{**SEND, "recipient": ["x@pec.example", "y@pec.example"]})
    take_jobs()

    assert code_of(lambda: decide(store, "two")) == "several_messages"


@decisions
def test_a_deleted_message_is_refused(store: Store, message: str, decide: Decision) -> None:
    store.client.delete(store.keys.message(message))

    assert code_of(lambda: decide(store, message)) == "deleted"


@decisions
def test_a_rejected_job_is_refused(
    store: Store, producer: Producer, take_jobs: TakeJobs, decide: Decision
) -> None:
    producer.send("m", **{**SEND, "account": "nosuch"})
    take_jobs()

    assert code_of(lambda: decide(store, "m")) == "rejected"


@decisions
def test_a_message_that_others_keep_changing_is_left_alone(
    store: Store, message: str, change: Settle, decide: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(message, to(State.HELD))
    read = records.read

    def read_before_another_change(store: Store, message_id: str) -> Message | None:
        found = read(store, message_id)
        assert found
        commit(store, changed(found, datetime.now(UTC), {"checks": found.checks + 1}))
        return found

    monkeypatch.setattr(records, "read", read_before_another_change)
    with pytest.raises(Contended):
        decide(store, message)

    monkeypatch.undo()
    last = stored(store, message)
    assert (last.state, last.resend) == (State.HELD, False)


# Endpoints


def test_an_enabled_endpoint_is_due_at_once_and_not_disabled(store: Store, shop: str) -> None:
    store.client.hset(store.keys.endpoint(shop), mapping={"disabled": "1", "failures": "9"})
    store.client.zrem(store.keys.due(Queue.WEBHOOK), shop)

    actions.enable_endpoint(store, SETTINGS, shop)

    assert not store.client.hexists(store.keys.endpoint(shop), "disabled")
    assert not store.client.hexists(store.keys.endpoint(shop), "failures")
    assert store.client.zscore(store.keys.due(Queue.WEBHOOK), shop) is not None


def test_dead_letters_are_delivered_again_once(store: Store, shop: str) -> None:
    assert actions.replay_dead(store, SETTINGS, shop) == 1
    assert actions.replay_dead(store, SETTINGS, shop) == 0  # it is on its way

    [letter] = dead_letters.newest(store, shop)
    assert letter.replayed
    assert take_all(store) == ["evt_1"]


def test_events_since_an_instant_are_delivered_again(store: Store, shop: str) -> None:
    assert actions.replay_since(store, shop, LONG_AGO)

    [state] = outbox.status(store, [shop])
    assert state.lag == 1


def test_events_that_an_endpoint_has_not_reached_yet_are_not_repeated(store: Store, shop: str) -> None:
    publish(store, "evt_2")

    assert not actions.replay_since(store, shop, datetime(2099, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "act",
    [
        lambda store: actions.enable_endpoint(store, SETTINGS, "shpo"),
        lambda store: actions.replay_dead(store, SETTINGS, "shpo"),
        lambda store: actions.replay_since(store, "shpo", LONG_AGO),
    ],
)
def test_an_unknown_endpoint_is_refused_and_never_due(
    store: Store, shop: str, act: Callable[[Store], object]
) -> None:
    assert code_of(lambda: act(store)) == "unknown_endpoint"
    assert store.client.zscore(store.keys.due(Queue.WEBHOOK), "shpo") is None
