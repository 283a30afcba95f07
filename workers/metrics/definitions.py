"""Every metric: its name, type, labels and meaning. Code, docs and tests take them from here.

`python -m workers.metrics.definitions` prints the table of docs/metrics.md. No label holds a secret, a message id or a
recipient: accounts, endpoints and queues are named by the settings, tokens by the digest that `pec status` shows.
"""

import sys
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """Counters and histograms are one process's, to be summed; gauges are read from Redis, alike on every worker."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()


# Of one process: what it did

SENDS = Metric(
    "pec_sends_total",
    "counter",
    "what became of tries to send: `sent`, `uncertain` (the answer was lost), `invalid` (400), `denied` (401, 402, "
    "403), `rate_limited` (429), `unreachable` (nothing left), `given_back` (no slot in time, nothing left)",
    ("outcome",),
)
API_SECONDS = Metric(
    "pec_api_seconds",
    "histogram",
    "how long calls of the API take; `POST /send` from its first byte, without the wait for its slot",
    ("operation",),
)
API_ERRORS = Metric(
    "pec_api_errors_total",
    "counter",
    "calls without a usable answer, by kind: `unreachable`, `rate_limited`, `invalid`, `denied`, `unknown`; "
    "404 is an answer",
    ("operation", "kind"),
)
CHECKS = Metric(
    "pec_receipt_checks_total",
    "counter",
    "GET /send/{code}: `found` something, `nothing` yet, or the mailbox was `unreadable`",
    ("outcome",),
)
LATENESS = Metric(
    "pec_lateness_seconds",
    "histogram",
    "from when a task was due, a send's hint from when it was given, to when its actor starts, dispatch included",
    ("queue",),
)
TASKS = Metric(
    "pec_tasks_total",
    "counter",
    "actors run: `done`, `failed` (an exception: see the log), `given_back` (there was no turn for it any more)",
    ("queue", "outcome"),
)
WEBHOOKS = Metric(
    "pec_webhooks_total",
    "counter",
    "tries to deliver: `delivered`, `failed` (it is tried again), `dead` (given up), `gone` (410: disabled)",
    ("endpoint", "outcome"),
)

# Of all: what Redis says

REDIS_UP = Metric("pec_redis_up", "gauge", "1 if Redis answered this scrape; if 0, no other gauge is there")
JOBS_WAITING = Metric("pec_jobs_waiting", "gauge", "jobs in the stream that no worker has taken")
JOBS_OLDEST = Metric(
    "pec_jobs_oldest_age_seconds", "gauge", "how long the oldest of them waits; 0 without any"
)
JOBS_REJECTED = Metric("pec_jobs_rejected", "gauge", "entries of the stream of rejected jobs")
MESSAGES = Metric("pec_messages", "gauge", "messages in each state", ("state",))
MESSAGES_OLDEST = Metric(
    "pec_messages_oldest_age_seconds",
    "gauge",
    "how long the oldest of them is in its state; only states that are no end; 0 without any",
    ("state",),
)
LANE_MESSAGES = Metric("pec_lane_messages", "gauge", "messages in line to be sent", ("account",))
LANE_OLDEST = Metric(
    "pec_lane_oldest_age_seconds", "gauge", "how long the oldest of them could have been sent", ("account",)
)
ACCOUNT_PAUSED = Metric(
    "pec_account_paused",
    "gauge",
    "1 for each account that is paused; absent for others",
    ("account", "reason"),
)
ACCOUNT_SERVED = Metric(
    "pec_account_served", "gauge", "1 if a live worker has settings for the account", ("account",)
)
MESSAGES_PARKED = Metric(
    "pec_messages_parked", "gauge", "messages that wait because an operator paused their batch"
)
MAILBOX_USED = Metric(
    "pec_mailbox_used_ratio", "gauge", "share of the mailbox in use, when it was last asked", ("account",)
)
SENDS_ALLOWED = Metric("pec_sends_allowed_per_second", "gauge", "the pace of a token", ("token",))
PACE_USED = Metric(
    "pec_pace_used_ratio", "gauge", "sends of the last whole minute, as a share of those allowed", ("token",)
)
SENDS_IN_PERIOD = Metric(
    "pec_sends_in_period", "gauge", "sends of this `day` and `month` of Europe/Rome", ("token", "period")
)
CAP = Metric("pec_cap", "gauge", "sends that the cap allows; absent without a cap", ("token", "period"))
CAP_LEFT = Metric("pec_cap_left", "gauge", "sends that the cap still leaves", ("token", "period"))
BACKLOG = Metric(
    "pec_backlog_seconds",
    "gauge",
    "time that what waits in lanes that go will take at the token's pace, caps left aside",
    ("token",),
)
WORKERS = Metric("pec_workers", "gauge", "live worker processes")
THREADS = Metric("pec_threads", "gauge", "their threads")
THREADS_WORTH = Metric(
    "pec_threads_worth",
    "gauge",
    "threads that sending can keep busy now: pace × time of a send, no more than messages wait and caps let go, or "
    "than may be on the wire",
)
QUEUE_SERVED = Metric("pec_queue_served", "gauge", "1 if a live worker consumes the queue", ("queue",))
SCHEDULED = Metric("pec_scheduled", "gauge", "tasks of a queue that are due now or later", ("queue",))
OVERDUE = Metric("pec_overdue", "gauge", "those of them that are due and not yet handed out", ("queue",))
OVERDUE_AGE = Metric(
    "pec_overdue_age_seconds", "gauge", "since when the oldest of these is due; 0 without any", ("queue",)
)
SILENT_ANSWERS = Metric(
    "pec_api_silent_answers", "gauge", "unusable answers to sends in a row; from 3 on, the API is only probed"
)
ENDPOINT_FAILURES = Metric("pec_endpoint_failures", "gauge", "failed deliveries in a row", ("endpoint",))
ENDPOINT_WAITING = Metric(
    "pec_endpoint_waiting", "gauge", "deliveries and events that wait for it", ("endpoint",)
)
ENDPOINT_DEAD = Metric("pec_endpoint_dead", "gauge", "deliveries that were given up", ("endpoint",))
ENDPOINT_DISABLED = Metric("pec_endpoint_disabled", "gauge", "1 if it answered 410", ("endpoint",))

DEFINITIONS = tuple(one for one in globals().values() if isinstance(one, Metric))


def table() -> str:
    """In Markdown."""
    rows = [
        f"| `{one.name}` | {one.type} | {', '.join(f'`{label}`' for label in one.labels) or '–'} | {one.meaning} |\n"
        for one in DEFINITIONS
    ]
    return "| metric | type | labels | meaning |\n|---|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table())
