"""How far each mailbox was read by IMAP, and why it is not: one hash a mailbox, and the refused logins."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pec.instants import from_epoch
from pec.messages import Reason
from pec.names import Queue
from pec.store import commits
from pec.store.commits import Commit
from pec.store.store import Store, text, text_dict

_CURSOR = "cursor:"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last mail of a folder that was read. UIDs mean nothing once the folder has another UIDVALIDITY."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class ImapState:
    """One mailbox. `error` and `refused` are why it was not read the last time."""

    began_at: datetime | None = None
    read_at: datetime | None = None
    error: Reason | None = None
    refused: Reason | None = None
    silent_since: datetime | None = None  # if that was for so long that the API is asked instead
    failures: int = 0
    unproven: int = 0  # receipts whose signature did not fit, so far
    purged: int = 0  # mails that workers deleted, so far
    purged_bytes: int = 0

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> "ImapState":
        return cls(
            began_at=_instant(stored.get("began_at")),
            read_at=_instant(stored.get("read_at")),
            error=_reason(stored.get("error")),
            refused=_reason(stored.get("refused")),
            silent_since=_instant(stored.get("silent_since")),
            failures=int(stored.get("failures", 0)),
            unproven=int(stored.get("unproven", 0)),
            purged=int(stored.get("purged", 0)),
            purged_bytes=int(stored.get("purged_bytes", 0)),
        )


def state_of(store: Store, account: str) -> ImapState:
    return ImapState.of(text_dict(store.client.hgetall(store.keys.imap(account))))


def states_of(store: Store, accounts: Iterable[str]) -> dict[str, ImapState]:
    """Return the states of mailboxes in one round trip."""
    names = list(accounts)
    with store.client.pipeline(transaction=False) as pipeline:
        for account in names:
            pipeline.hgetall(store.keys.imap(account))
        return {
            name: ImapState.of(text_dict(found))
            for name, found in zip(names, pipeline.execute(), strict=True)
        }


# Readings


def begin(store: Store, account: str, reader: str, lease_seconds: float) -> str | None:
    """Return the id of the server's history of writes, or None if another one reads the mailbox.

    Then that one reads it once more. All that a reading writes goes to this history or is refused: a cursor that
    outlived what a failover lost would pass mails that nothing names.
    """
    history = store.run("begin_reading", account, reader, int(lease_seconds * 1000))
    return None if history is None else text(history)


def go_on(store: Store, account: str, reader: str, lease_seconds: float) -> bool:
    """Return whether the reading is still this reader's, and give it time."""
    key = store.keys.imap_reader(account)
    if text(store.client.get(key) or "") != reader:
        return False
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.pexpire(key, int(lease_seconds * 1000))
        pipeline.zadd(store.keys.due(Queue.ARCHIVE), {account: store.now() + lease_seconds}, xx=True, gt=True)
        pipeline.execute()
    return True


def end(store: Store, account: str, reader: str, now: float, next_at: float) -> None:
    """End the reading and schedule the next one: at once if something came meanwhile."""
    store.run("end_reading", account, reader, now, next_at)


def cursors(store: Store, account: str) -> dict[str, Cursor]:
    """Return how far each folder was read."""
    stored = text_dict(store.client.hgetall(store.keys.imap(account)))
    return {
        name.removeprefix(_CURSOR): Cursor(*map(int, value.split()))
        for name, value in stored.items()
        if name.startswith(_CURSOR)
    }


def set_cursor(store: Store, account: str, folder: str, cursor: Cursor, history: str) -> None:
    """Note how far a folder was read. Raise OtherHistory."""
    value = f"{cursor.validity} {cursor.uid}"
    command = ["HSET", store.keys.imap(account), f"{_CURSOR}{folder}", value]
    commits.apply(store, Commit(commands=[command], history=history))


def count_stuck(store: Store, account: str, what: str) -> int:
    """Note that this mail or search ended a reading. Return how many times in a row it did."""
    key = store.keys.imap(account)
    stuck, times = store.client.hmget(key, "stuck", "stuck_times")
    count = int(text(times or 0)) + 1 if text(stuck or "") == what else 1
    store.client.hset(key, mapping={"stuck": what, "stuck_times": count})
    return count


# Outcomes


def note_began(store: Store, accounts: Iterable[str], now: float) -> None:
    """Note when these mailboxes were first to be read."""
    with store.client.pipeline(transaction=False) as pipeline:
        for account in accounts:
            pipeline.hsetnx(store.keys.imap(account), "began_at", str(now))
        pipeline.execute()


def note_read(store: Store, account: str, now: float) -> bool:
    """Note that all of the mailbox was read. Return whether it had been reported as silent."""
    key = store.keys.imap(account)
    with store.client.pipeline() as pipeline:
        pipeline.hget(key, "silent_since")
        pipeline.hset(key, "read_at", str(now))
        pipeline.hdel(key, "error", "refused", "failures", "silent_since", "stuck", "stuck_times")
        silent, *_ = pipeline.execute()
    return silent is not None


def note_error(store: Store, account: str, reason: Reason) -> int:
    """Note why the mailbox could not be read. Return how many times in a row that happened."""
    key = store.keys.imap(account)
    with store.client.pipeline() as pipeline:
        pipeline.hset(key, "error", _stated(reason))
        pipeline.hincrby(key, "failures", 1)
        _, failures = pipeline.execute()
    return int(failures)


def note_silent(store: Store, account: str, now: float) -> bool:
    """Note that the mailbox was not read for too long. Return whether this is the first note of it."""
    return bool(store.client.hsetnx(store.keys.imap(account), "silent_since", str(now)))


# Refused logins


def note_refused(store: Store, account: str, credentials: str, reason: Reason) -> None:
    """Note that the server refused these credentials (a digest), so that no worker tries them again."""
    with store.client.pipeline() as pipeline:
        pipeline.hset(store.keys.imap_refused(account), credentials, _stated(reason))
        pipeline.hset(store.keys.imap(account), "refused", _stated(reason))
        pipeline.execute()


def refusal_of(store: Store, account: str, credentials: str) -> Reason | None:
    """Return why the server refused these credentials, or None."""
    found = store.client.hget(store.keys.imap_refused(account), credentials)
    return _reason(text(found)) if found is not None else None


def forgive(store: Store, account: str, now: float) -> bool:
    """Let refused credentials be tried again. Return whether there were any."""
    with store.client.pipeline() as pipeline:
        pipeline.delete(store.keys.imap_refused(account))
        pipeline.hdel(store.keys.imap(account), "refused")
        deleted, _ = pipeline.execute()
    if deleted:
        make_due(store, account, now)
    return bool(deleted)


def make_due(store: Store, account: str, now: float) -> None:
    """Have the mailbox read now."""
    store.client.zadd(store.keys.due(Queue.ARCHIVE), {account: now}, lt=True)


def _instant(stored: str | None) -> datetime | None:
    return from_epoch(float(stored)) if stored else None


def _stated(reason: Reason) -> str:
    return json.dumps(reason.as_dict(), ensure_ascii=False)


def _reason(stored: str | None) -> Reason | None:
    if stored is None:
        return None
    found = json.loads(stored)
    return Reason(found["code"], found["description"], found.get("details") or {})
