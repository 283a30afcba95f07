"""Every metric: its name, type, labels and meaning. Code, docs and tests take them from here.

`python -m workers.metrics.definitions` prints the table of docs/metrics.md. No label contains a secret, a message id or
a recipient. Accounts, endpoints and queues have their names from the settings; tokens have the digest of `pec status`.
"""

import sys
from dataclasses import dataclass
from typing import Literal

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own name for where processes keep what they count
PULSE = ".pulse"  # ending of a file there, which each worker process renews


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. Sum counters and histograms over the processes; gauges come from Redis, equal on every worker."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()


# Counted by each process

SENDS = Metric(
    "pec_sends_total",
    "counter",
    "attempts to send: `sent`, `uncertain` (the answer was lost), `invalid` (400), `denied` (401, 402, 403), "
    "`rate_limited` (429), `unreachable` (no byte left), `given_back` (no slot in time, no byte left)",
    ("outcome",),
)
API_SECONDS = Metric(
    "pec_api_seconds",
    "histogram",
    "duration of calls to the API; `POST /send` from its first byte, without the wait for its slot",
    ("operation",),
)
API_ERRORS = Metric(
    "pec_api_errors_total",
    "counter",
    "calls to the API without a usable answer, by kind: `unreachable`, `rate_limited`, `invalid`, `denied`, `unknown`; "
    "404 counts as an answer",
    ("operation", "kind"),
)
CHECKS = Metric(
    "pec_receipt_checks_total",
    "counter",
    "checks for the receipts of a message: `found` one, `nothing` yet, or the mailbox was `unreadable`",
    ("outcome",),
)
LATENESS = Metric(
    "pec_lateness_seconds",
    "histogram",
    "time from when a task was due until its actor starts; for a send, from when its hint was given",
    ("queue",),
)
TASKS = Metric(
    "pec_tasks_total",
    "counter",
    "finished tasks: `done`, `failed` (an exception: see the log), `given_back` (no slot for its hint any more)",
    ("queue", "outcome"),
)
WEBHOOKS = Metric(
    "pec_webhooks_total",
    "counter",
    "attempts to deliver: `delivered`, `failed` (a retry follows), `dead` (given up), `gone` (410: disabled)",
    ("endpoint", "outcome"),
)

# Read from Redis

REDIS_UP = Metric(
    "pec_redis_up", "gauge", "1 if Redis answered this scrape; with 0, all other gauges are absent"
)
REDIS_MEMORY_USED = Metric(
    "pec_redis_memory_used_ratio",
    "gauge",
    "used share of Redis's maxmemory: intake stops at 0.8, with an archive at 0.9; absent without maxmemory",
)
ARCHIVE_AWAY = Metric("pec_archive_away", "gauge", "live worker processes that can't reach the archive")
API_OUT_OF_REACH = Metric(
    "pec_api_out_of_reach", "gauge", "live worker processes that don't reach the API, and send nothing"
)
JOBS_WAITING = Metric("pec_jobs_waiting", "gauge", "jobs in the stream that no worker has taken")
JOBS_OLDEST = Metric(
    "pec_jobs_oldest_age_seconds", "gauge", "age of the oldest job in the stream; 0 without any"
)
JOBS_REJECTED = Metric("pec_jobs_rejected", "gauge", "entries of the stream of rejected jobs")
MESSAGES = Metric("pec_messages", "gauge", "messages in each state", ("state",))
MESSAGES_OLDEST = Metric(
    "pec_messages_oldest_age_seconds",
    "gauge",
    "how long the oldest message has been in the state; only states that are not final; 0 without any",
    ("state",),
)
LANE_MESSAGES = Metric("pec_lane_messages", "gauge", "messages in the lane of the account", ("account",))
LANE_OLDEST = Metric(
    "pec_lane_oldest_age_seconds",
    "gauge",
    "time since the oldest message of the lane could have been sent; 0 without any",
    ("account",),
)
ACCOUNT_PAUSED = Metric(
    "pec_account_paused",
    "gauge",
    "1 if the account is paused; absent otherwise",
    ("account", "reason"),
)
ACCOUNT_SERVED = Metric(
    "pec_account_served", "gauge", "1 if a live worker is configured with the account", ("account",)
)
MESSAGES_PARKED = Metric(
    "pec_messages_parked", "gauge", "messages that wait because an operator paused their batch"
)
MAILBOX_USED = Metric(
    "pec_mailbox_used_ratio", "gauge", "used share of the mailbox at the last check", ("account",)
)
MAILBOX_EXPECTED = Metric(
    "pec_mailbox_expected_ratio",
    "gauge",
    "share of the mailbox that receipts may take which the last check has not seen",
    ("account",),
)
ROOM_WAIT = Metric(
    "pec_room_wait_seconds",
    "gauge",
    "how long the account's next message has waited for room in the mailbox; 0 if it does not",
    ("account",),
)
IMAP_REFUSED = Metric(
    "pec_imap_refused",
    "gauge",
    "1 if the IMAP server refused the login, which is then not tried again; 0 if not; absent without IMAP",
    ("account",),
)
IMAP_SILENT = Metric(
    "pec_imap_silent_seconds",
    "gauge",
    "how long the API has been asked for receipts because IMAP does not read the mailbox; 0 while it does; absent "
    "without IMAP",
    ("account",),
)
MAILS_PURGED = Metric(
    "pec_mails_purged",
    "gauge",
    "receipts that workers have deleted from the mailbox since Redis was empty; 0 without a purge",
    ("account",),
)
SENDS_ALLOWED = Metric("pec_sends_allowed_per_second", "gauge", "allowed rate of the token", ("token",))
PACE_USED = Metric(
    "pec_pace_used_ratio",
    "gauge",
    "sends of the last whole minute, as a share of the allowed ones",
    ("token",),
)
SENDS_IN_PERIOD = Metric(
    "pec_sends_in_period",
    "gauge",
    "sends of the current `day` and `month` in Europe/Rome",
    ("token", "period"),
)
CAP = Metric("pec_cap", "gauge", "sends that the cap allows; absent without a cap", ("token", "period"))
CAP_LEFT = Metric(
    "pec_cap_left", "gauge", "sends left under the cap; absent without a cap", ("token", "period")
)
BACKLOG = Metric(
    "pec_backlog_seconds",
    "gauge",
    "time to send the messages in all lanes that are not paused, at the token's rate, without caps",
    ("token",),
)
WORKERS = Metric("pec_workers", "gauge", "live worker processes")
THREADS = Metric("pec_threads", "gauge", "threads of live worker processes")
THREADS_WORTH = Metric(
    "pec_threads_worth",
    "gauge",
    "threads that sends can keep busy now: rate × duration of a send, limited by waiting messages, caps and the most "
    "simultaneous sends",
)
QUEUE_SERVED = Metric("pec_queue_served", "gauge", "1 if a live worker consumes the queue", ("queue",))
SCHEDULED = Metric("pec_scheduled", "gauge", "tasks of the queue that are due now or later", ("queue",))
OVERDUE = Metric("pec_overdue", "gauge", "tasks of the queue that are due and not yet dispatched", ("queue",))
OVERDUE_AGE = Metric(
    "pec_overdue_age_seconds",
    "gauge",
    "how long the oldest of the overdue tasks has been due; 0 without any",
    ("queue",),
)
SILENT_ANSWERS = Metric(
    "pec_api_silent_answers",
    "gauge",
    "unusable answers to sends in a row; from 3 on, single messages probe the API",
)
ENDPOINT_FAILURES = Metric("pec_endpoint_failures", "gauge", "failed deliveries in a row", ("endpoint",))
ENDPOINT_WAITING = Metric(
    "pec_endpoint_waiting", "gauge", "deliveries and events that wait for the endpoint", ("endpoint",)
)
ENDPOINT_DEAD = Metric("pec_endpoint_dead", "gauge", "dead letters of the endpoint", ("endpoint",))
ENDPOINT_DISABLED = Metric("pec_endpoint_disabled", "gauge", "1 if the endpoint answered 410", ("endpoint",))

DEFINITIONS = tuple(one for one in globals().values() if isinstance(one, Metric))


def table() -> str:
    """Return the table of all metrics, in Markdown."""
    rows = [
        f"| `{one.name}` | {one.type} | {', '.join(f'`{label}`' for label in one.labels) or '–'} | {one.meaning} |\n"
        for one in DEFINITIONS
    ]
    return "| metric | type | labels | meaning |\n|---|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table())
