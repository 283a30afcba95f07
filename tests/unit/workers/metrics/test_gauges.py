"""The gauges of an overview."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pec.messages import Reason
from pec.names import Queue, State
from pec.operations.status.overview import Lane, Memory, Overview, Token, Work, Worker
from pec.store.batches import PausedBatch
from pec.store.imap_state import ImapState
from pec.store.outbox import EndpointState
from pec.store.pacing import Usage
from pec.store.room import Room
from workers.metrics.definitions import DEFINITIONS
from workers.metrics.gauges import samples

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OVERVIEW = Overview(
    now=NOW,
    messages={**dict.fromkeys(State, 0), State.HELD: 2},
    oldest_in_state={State.HELD: NOW - timedelta(hours=1)},
    jobs=3,
    oldest_job_at=NOW - timedelta(seconds=30),
    streams={"rejected": 1, "events": 9, "dead": 4},
    lanes={
        "acme": Lane(
            account="acme",
            token="t",
            waiting=7,
            oldest_at=NOW - timedelta(minutes=1),
            paused=Reason("wallet", "it is empty"),
            room=Room(used=50, limit=100, pause_at=95, expected=20, uncounted=5),
            imap=ImapState(
                began_at=NOW - timedelta(days=1),
                refused=Reason("login_refused", "wrong"),
                silent_since=NOW - timedelta(minutes=5),
                purged=12,
            ),
        )
    },
    tokens={
        "t": Token(
            digest="t",
            accounts=("acme",),
            interval_seconds=0.5,
            in_flight=4,
            waiting=7,
            sends_last_minute=60,
            usage=Usage(10, 100),
            daily_cap=30,
            post_seconds=0.4,
        )
    },
    work={
        Queue.CHECK: Work(queue=Queue.CHECK, scheduled=5, overdue=2, overdue_since=NOW - timedelta(seconds=9))
    },
    workers=[
        Worker(id="w", threads=8, archive="the archive /a can't be used (…): …"),
        Worker(id="v", threads=4, archive="reached", api_lost=Reason("timeout", "timed out")),
    ],
    memory=Memory(700, 1000),
    paused_batches=[PausedBatch(name="nov", since=NOW, reason=Reason("operator", "by hand"), parked=5)],
    endpoints=[EndpointState("crm", failures=6, disabled=True, waiting=10, lag=2, dead=4)],
    api_failures=1,
)


def shown(found: Overview = OVERVIEW) -> dict[tuple[str, ...], float]:
    return {(metric.name, *labels): value for metric, labels, value in samples(found)}


def test_each_figure_is_the_overview_s() -> None:
    expected: dict[tuple[str, ...], float] = {
        ("pec_messages_parked",): 5,
        ("pec_redis_up",): 1,
        ("pec_redis_memory_used_ratio",): 0.7,
        ("pec_archive_away",): 1,
        ("pec_api_out_of_reach",): 1,
        ("pec_jobs_waiting",): 3,
        ("pec_jobs_oldest_age_seconds",): 30,
        ("pec_jobs_rejected",): 1,
        ("pec_messages", "held"): 2,
        ("pec_messages_oldest_age_seconds", "held"): 3600,
        ("pec_messages_oldest_age_seconds", "sent"): 0,
        ("pec_lane_messages", "acme"): 7,
        ("pec_lane_oldest_age_seconds", "acme"): 60,
        ("pec_account_paused", "acme", "wallet"): 1,
        ("pec_account_served", "acme"): 1,
        ("pec_mailbox_used_ratio", "acme"): 0.5,
        ("pec_mailbox_expected_ratio", "acme"): 0.25,
        ("pec_room_wait_seconds", "acme"): 0,
        ("pec_imap_refused", "acme"): 1,
        ("pec_imap_silent_seconds", "acme"): 300,
        ("pec_mails_purged", "acme"): 12,
        ("pec_sends_allowed_per_second", "t"): 2,
        ("pec_pace_used_ratio", "t"): 0.5,
        ("pec_sends_in_period", "t", "day"): 10,
        ("pec_sends_in_period", "t", "month"): 100,
        ("pec_cap", "t", "day"): 30,
        ("pec_cap_left", "t", "day"): 20,
        ("pec_backlog_seconds", "t"): 3.5,
        ("pec_workers",): 2,
        ("pec_threads",): 12,
        ("pec_threads_worth",): 2,
        ("pec_queue_served", "check"): 1,
        ("pec_scheduled", "check"): 5,
        ("pec_overdue", "check"): 2,
        ("pec_overdue_age_seconds", "check"): 9,
        ("pec_api_silent_answers",): 1,
        ("pec_endpoint_failures", "crm"): 6,
        ("pec_endpoint_waiting", "crm"): 12,
        ("pec_endpoint_dead", "crm"): 4,
        ("pec_endpoint_disabled", "crm"): 1,
    }
    figures = shown()

    assert {name: figures[name] for name in expected} == expected


def test_every_gauge_is_read() -> None:
    gauges = {one.name for one in DEFINITIONS if one.type == "gauge"}

    assert {name for name, *_ in shown()} == gauges


def test_a_reading_has_a_value_for_each_label() -> None:
    assert all(len(metric.labels) == len(labels) for metric, labels, _ in samples(OVERVIEW))


def test_what_there_is_not_is_not_shown() -> None:
    plain: dict[str, Any] = {"lanes": {"acme": Lane(account="acme")}, "tokens": {}}
    names = {name for name, *_ in shown(replace(OVERVIEW, **plain))}

    assert not names & {"pec_account_paused", "pec_mailbox_used_ratio", "pec_cap", "pec_cap_left"}
