"""The overview as `pec status --json` prints it: names are stable, times RFC 3339, ages and waits in seconds."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pec.instants import to_text
from pec.names import State
from pec.operations.status import paused_batches
from pec.operations.status.lane_forecast import empty_at
from pec.operations.status.overview import Lane, Overview, Token, Work, Worker
from pec.operations.status.overview_warnings import lane_remedy
from pec.operations.status.standstills import standstills, without_broker
from pec.store.batches import PausedBatch


def overview_dict(found: Overview) -> dict[str, Any]:
    """Return one object."""
    return {
        "now": to_text(found.now),
        "messages": dict(found.messages),
        "oldest_age_seconds": {
            state: _age(found, found.oldest_in_state.get(State(state))) for state in found.oldest_in_state
        },
        "streams": {"jobs": found.jobs, **found.streams},
        "oldest_job_age_seconds": _age(found, found.oldest_job_at),
        "lanes": [_lane(found, lane) for lane in found.lanes.values()],
        "paused_batches": [_paused_batch(batch) for batch in found.paused_batches],
        "tokens": [_token(token) for token in found.tokens.values()],
        "queues": [_work(found, work) for work in found.work.values()],
        "unserved_queues": sorted(found.unserved_queues),
        "workers": [_worker(worker) for worker in found.workers],
        "reconciling_since": _text(found.reconciling_since),
        "came_back_empty_at": _text(found.lost_at),
        "failover_lost_since": _text(found.failover[0]) if found.failover else None,
        "standing_still": [
            {"what": one.what, "remedy": one.remedy} for one in (*without_broker(found), *standstills(found))
        ],
        "threads": found.threads,
        "threads_worth_at_full_pace": sum(token.threads_at_full_pace for token in found.tokens.values()),
        "threads_worth_now": sum(token.threads_worth for token in found.tokens.values()),
        "endpoints": [asdict(endpoint) for endpoint in found.endpoints],
        "unknown_messages": found.unsupported,
        "api_failures": found.api_failures,
        "api_probed_at": _text(found.probe_at) if found.circuit_open else None,
    }


def _lane(found: Overview, lane: Lane) -> dict[str, Any]:
    ends = empty_at(found, lane.account)
    return {
        "account": lane.account,
        "token": lane.token,
        "waiting": lane.waiting,
        "oldest_age_seconds": _age(found, lane.oldest_at),
        "seconds_to_empty": None if ends is None else (ends - found.now).total_seconds(),
        "empty_at": _text(ends),
        "served": lane.served,
        "paused": lane.paused.as_dict() if lane.paused else None,
        "remedy": lane_remedy(lane) or None,
        "share_of_mailbox": lane.room.share,
        "room": _room(lane),
        "imap": _imap(lane),
    }


def _imap(lane: Lane) -> dict[str, Any]:
    imap = lane.imap
    reason = imap.refused or imap.error
    return {
        "read_at": _text(imap.read_at),
        "silent_since": _text(imap.silent_since),
        "reason": reason.as_dict() if reason else None,
        "unproven_receipts": imap.unproven,
        "purged_mails": imap.purged,
        "purged_bytes": imap.purged_bytes,
    }


def _room(lane: Lane) -> dict[str, Any]:
    room = lane.room
    return {
        "used_bytes": None if room.limit is None else room.used,
        "limit_bytes": room.limit,
        "expected_bytes": room.expected + room.uncounted,
        "left_bytes": room.left,
        "left_messages": lane.messages_left,
        "needed_bytes": room.needed,
        "waits_since": _text(room.waits_since),
    }


def _paused_batch(batch: PausedBatch) -> dict[str, Any]:
    return {
        "batch": batch.name,
        "since": to_text(batch.since),
        "reason": batch.reason.as_dict(),
        "waiting": batch.parked,
        "remedy": paused_batches.remedy(batch),
    }


def _token(token: Token) -> dict[str, Any]:
    return {
        "token": token.digest,
        "accounts": list(token.accounts),
        "waiting": token.waiting,
        "allowed_per_minute": token.allowed_per_minute,
        "sends_last_minute": token.sends_last_minute,
        "pace_used": token.pace_used,
        "sent_today": token.usage.today,
        "sent_this_month": token.usage.this_month,
        "daily_cap": token.daily_cap,
        "monthly_cap": token.monthly_cap,
        "left_today": token.left_today,
        "left_this_month": token.left_this_month,
        "backlog_seconds": token.backlog_seconds,
        "still_until": _text(token.on_hold_until),
        "refused_often_at": _text(token.refused_often_at),
        "other_namespaces": list(token.other_namespaces),
    }


def _work(found: Overview, work: Work) -> dict[str, Any]:
    return {
        "queue": work.queue,
        "served": work.served,
        "scheduled": work.scheduled,
        "due_now": work.overdue,
        "late_seconds": _age(found, work.overdue_since),
    }


def _worker(worker: Worker) -> dict[str, Any]:
    lost = worker.api_lost
    return {
        **asdict(worker),
        "queues": list(worker.queues),
        "accounts": list(worker.accounts),
        "api_lost": lost.as_dict() if lost else None,
        "api_lost_since": _text(worker.api_lost_since),
    }


def _age(found: Overview, since: datetime | None) -> float | None:
    return None if since is None else (found.now - since).total_seconds()


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)
