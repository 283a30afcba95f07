"""Why a message waits: the first cause that holds, with its remedy."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.operations.status.diagnosis import Cap, Replicas, WaitContext, explain_wait, remedy_of_pause
from pec.operations.status.findings import Finding, Mark
from pec.store.batches import PausedBatch
from pec.store.room import Room
from tests.unit.cli.builders import NOW, message

SOON = NOW + timedelta(seconds=30)
MIDNIGHT = NOW + timedelta(hours=11)  # in Rome
WALLET = Reason("wallet", "the wallet is empty")
BATCH = PausedBatch(
    name="nov",
    since=NOW - timedelta(hours=2),
    reason=Reason("operator", "paused by an operator", {"by": "anna@ufficio"}),
    parked=7,
)


FULL = Room(
    used=6_000_000,
    limit=10_000_000,
    pause_at=9_500_000,
    expected=3_000_000,
    uncounted=300_000,
    needed=500_000,
    waits_since=NOW,
)


BROKER = Finding(Mark.FAIL, "Dramatiq's database is missing", "set PEC_BROKER_URL")


def why(one: Message, **ctx: Any) -> str:
    return explain_wait(one, WaitContext(now=NOW, **ctx))


@pytest.mark.parametrize(
    ("ctx", "words"),
    [
        (
            {"position": 4, "turn_at": NOW + timedelta(seconds=5)},
            "4 of its account go before it: its turn is likely at 13:00:05 in Rome, in about 5 s",
        ),
        (
            {"position": 4, "turn_at": MIDNIGHT, "cap": Cap("daily", 3500, MIDNIGHT)},
            "the daily cap of 3500 is used up: goes on at 2026-11-25 00:00 in Rome; 4 of its account go before it: "
            "its turn is likely at 2026-11-25 00:00 in Rome, in about 11 h 00 min",
        ),
        (
            {"position": 0, "on_hold_until": NOW + timedelta(minutes=20)},
            "the API asked to wait until 13:20 in Rome, in about 20 min; 0 of its account",
        ),
        (
            {"position": 0, "replicas": Replicas(2, 1)},
            "too few replicas of Redis are connected for a send (1 of 2)",
        ),
        ({"position": 0}, "0 of its account go before it"),
        ({"position": 0, "broker": BROKER}, "Dramatiq's database is missing: set PEC_BROKER_URL"),
        ({"paused": WALLET, "position": 0}, "the API's wallet is empty: top up the wallet"),
        (
            {"paused_batch": BATCH, "due": {Queue.RELEASE: SOON}},
            "batch nov was paused at 11:00 in Rome by anna@ufficio; 7 messages wait: "
            "`pec resume --batch nov` lets it go on",
        ),
        (
            {"paused": WALLET, "paused_batch": BATCH},
            "`pec resume acme`; batch nov was paused at 11:00 in Rome by anna@ufficio",
        ),
        ({"account_served": False, "position": 0}, "no live worker serves account acme"),
        ({"queues_served": frozenset({Queue.CHECK}), "position": 0}, "consumes the queue send"),
        ({"silent_answers": 3, "position": 0}, "3 times in a row: one message at a time probes it"),
        (
            {"silent_answers": 3, "probe_at": SOON, "position": 0},
            "the next probe is at 13:00:30 in Rome, in about 30 s",
        ),
        ({"due": {Queue.RELEASE: SOON}}, "it is tried again in 30 s"),
        (
            {"room": FULL, "position": 0},
            "it waits for room in the mailbox: its receipts may take 0.5 MB and 0.2 MB are left, as 60% is in use and "
            "receipts on their way may take 3.3 MB: sends go on when there is room",
        ),
        (
            {"room": replace(FULL, needed=12_000_000), "position": 0},
            "more than the whole mailbox may hold (9.5 MB)",
        ),
        (
            {"room": Room(waits_since=NOW), "position": 0},
            "must be read before the first send: that is under way",
        ),
        (
            {"room": FULL, "position": 0, "queues_served": frozenset({Queue.SEND})},
            "when there is room; no live worker consumes the queue quota",
        ),
        ({"room": FULL, "paused": WALLET}, "the API's wallet is empty"),
        ({"room": replace(FULL, waits_since=None), "position": 0}, "0 of its account go before it"),
    ],
)
def test_a_queued_message_says_what_it_waits_for(ctx: dict[str, Any], words: str) -> None:
    assert words in why(message(), **ctx)


def test_its_time_comes_before_every_other_cause() -> None:
    assert "before 13:00:30 in Rome" in why(message(not_before=SOON), paused=WALLET)


def test_a_turn_that_comes_after_its_end_is_reported() -> None:
    late = why(message(not_after=SOON), position=60, turn_at=NOW + timedelta(minutes=1))

    assert late.endswith("in about 60 s, but it expires before, at 13:00:30 in Rome")


def test_a_message_given_back_says_why() -> None:
    given_back = message(reason=Reason("unreachable", "the API was out of reach"))

    assert why(given_back, due={Queue.RELEASE: SOON}) == "the API was out of reach; it is tried again in 30 s"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.SENDING, "a worker has claimed it: its answer is awaited"),
        (State.SENT, "ACCETTAZIONE is awaited; the mailbox is asked again in 30 s"),
        (State.ACCEPTED, "CONSEGNA is awaited; the mailbox is asked again in 30 s"),
        (State.DELAYED, "CONSEGNA is awaited; the mailbox is asked again in 30 s"),
        (State.DELIVERED, "delivered"),
    ],
)
def test_a_message_on_its_way_says_what_is_awaited(state: State, words: str) -> None:
    assert why(message(state), due={Queue.CHECK: SOON}) == words


def test_a_message_given_back_again_and_again_says_how_often() -> None:
    given_back = message(reason=Reason("unreachable", "the API was out of reach"), requeues=3)

    assert "out of reach (given back 3 times)" in why(given_back, due={Queue.RELEASE: SOON})


def test_a_task_that_is_late_says_so() -> None:
    late = why(message(State.SENT), due={Queue.CHECK: NOW - timedelta(minutes=5)})

    assert late.endswith("the mailbox is asked again as soon as a thread is free: it is 5 min late")


def test_a_claim_says_what_follows_if_its_worker_dies() -> None:
    assert "if its worker is lost, it is looked for in 30 s" in why(
        message(State.SENDING), due={Queue.LOOKUP: SOON}
    )


def test_a_mailbox_that_could_not_be_read_since_the_last_look_is_reported() -> None:
    away = {"unreadable": Reason("http_500", "the API answered 500"), "due": {Queue.CHECK: SOON}}

    assert "could not be read at 13:00:30 in Rome: the API answered 500" in why(
        message(State.SENT), **away, unreadable_at=SOON
    )
    assert "could not be read" not in why(message(State.SENT), **away, unreadable_at=NOW)


def test_credentials_that_are_refused_keep_receipts_from_being_seen() -> None:
    assert "correct its user name" in why(message(State.SENT), paused=Reason("credentials", "401"))
    assert "paused" not in why(message(State.SENT), paused=Reason("operator", "by hand"))


def test_a_look_up_that_proved_nothing_says_why() -> None:
    lost = message(State.UNCERTAIN, reason=Reason("timeout", "no answer came", {"search": "credentials"}))

    assert why(lost) == "no answer came; its mailbox could not be searched (credentials)"


def test_a_check_that_no_worker_makes_is_reported() -> None:
    assert "consumes the queue check" in why(message(State.SENT), queues_served=frozenset())


def test_a_held_message_says_what_an_operator_can_do() -> None:
    held = message(State.HELD, reason=Reason("not_found", "not found: `pec resend inv-1`"))

    assert "pec resend inv-1" in why(held)


def test_an_end_says_its_reason() -> None:
    assert (
        why(message(State.UNDELIVERED, reason=Reason("no", "there is no such mailbox")))
        == "there is no such mailbox"
    )


@pytest.mark.parametrize(
    "code", ["credentials", "wallet", "scope", "mailbox_full", "operator", "something new"]
)
def test_every_pause_has_a_remedy_that_names_the_account(code: str) -> None:
    assert "pec resume acme" in remedy_of_pause("acme", Reason(code, ""))
