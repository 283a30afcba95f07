"""The room in a mailbox: what is used, what receipts on their way will take, and what may still be sent.

The scripts that pick, put back and commit messages keep it (`scripts/room.fragment.lua`). A message reserves its room
when it is picked. What its receipts took counts until a reading of the quota that was asked after they had come.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pec.instants import from_epoch
from pec.messages import Message
from pec.names import State
from pec.room import recipients_awaited
from pec.store import records
from pec.store.store import Store, text, text_dict, text_list

ASK_SHARE = 0.05  # of a mailbox: so much may come before the quota is read again
NO_LIMIT = -1
_UNSETTLED = (State.SENDING, State.UNCERTAIN, State.HELD)  # that await receipts without being in `awaiting`


@dataclass(frozen=True, slots=True)
class Room:
    """The room in one mailbox, in bytes. `limit` is None before the first reading; `pause_at` if no limit is stated."""

    used: int = 0
    limit: int | None = None
    pause_at: int | None = None  # up to where sends may fill it
    expected: int = 0  # that receipts on their way may take
    uncounted: int = 0  # that have come since the last reading
    needed: int | None = None  # by the next message, while it waits for room
    waits_since: datetime | None = None

    @property
    def share(self) -> float | None:
        """Return the share in use by the last reading, or None."""
        return self.used / self.limit if self.limit else None

    @property
    def share_with_receipts(self) -> float:
        """Return the share that is in use once all has come that is known to be on its way."""
        return (self.used + self.expected + self.uncounted) / self.limit if self.limit else 0.0

    @property
    def left(self) -> int | None:
        """Return the bytes that receipts of further sends may take, or None if that is not known or not limited."""
        if self.pause_at is None:
            return None
        return max(0, self.pause_at - self.used - self.expected - self.uncounted)


def room_from(stored: Mapping[str, str]) -> Room:
    """Return the room from an account's hash."""
    found = {name: float(stored[field]) for name, field in _FIELDS.items() if field in stored}
    pause_at = found.get("pause_at", NO_LIMIT)
    needed, since = stored.get("no_room"), stored.get("no_room_since")
    return Room(
        used=int(found.get("used", 0)),
        limit=int(found["limit"]) if "limit" in found else None,
        pause_at=None if pause_at < 0 else int(pause_at),
        expected=int(found.get("expected", 0)),
        uncounted=int(found.get("arrived", 0) - found.get("counted", 0)),
        needed=int(needed) if needed else None,
        waits_since=from_epoch(float(since)) if since else None,
    )


_FIELDS = {name: f"room_{name}" for name in ("used", "limit", "pause_at", "expected", "arrived", "counted")}


def read(store: Store, account: str) -> Room:
    """Return the room in a mailbox."""
    return room_from(text_dict(store.client.hgetall(store.keys.account(account))))


def arrived(store: Store, account: str) -> int:
    """Return the bytes of all receipts that are known to have come: what a reading asked from now on shows."""
    return int(text(store.client.hget(store.keys.account(account), "room_arrived") or 0))


def note_reading(
    store: Store, account: str, used: int, limit: int, pause_ratio: float, before: int
) -> Room | None:
    """Note a reading of the quota in bytes. Return the room now, or None if the reading is out of date.

    A `limit` of 0 is none. `before` is `arrived` from before the quota was asked.
    """
    pause_at = int(limit * pause_ratio) if limit else NO_LIMIT
    ask_share = int(limit * ASK_SHARE)
    stored = store.run("room_reading", account, used, limit, pause_at, ask_share, before)
    return room_from(text_dict(stored)) if stored else None


def first_queued(store: Store, account: str) -> Message | None:
    """Return the message that is first in its lane, if it still waits and this version can read it."""
    ids = text_list(store.client.zrange(store.keys.lane(account), 0, 0))
    for message in records.read_all(store, ids, lambda _: None):
        return message if message.state is State.QUEUED else None
    return None


def reconcile(store: Store, account: str) -> int:
    """Bring what is expected in line with the records. Return how many messages were out of line.

    Older workers reserve and free nothing, and a backup that was restored knows what was on its way then.
    """
    keys = store.keys
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.hkeys(keys.room(account))
        pipeline.zrange(keys.awaiting(account), 0, -1)
        for state in _UNSETTLED:
            pipeline.zrange(keys.state(state), 0, -1)
        reserved, *awaited = [set(text_list(reply)) for reply in pipeline.execute()]
    newer: list[str] = []
    found = list(
        records.read_all(
            store,
            sorted(reserved ^ set().union(*awaited)),
            lambda met: newer.append(met.message_id),
        )
    )
    wrong = [
        message
        for message in found
        if message.account == account
        and message.state is not State.QUEUED  # it is picked, or its lease brings it back
        and (recipients_awaited(message) or message.id in reserved)
    ]
    for message in wrong:
        store.run("room_settle", account, message.id, recipients_awaited(message), message.room)
    gone = reserved.difference(*awaited, newer, (message.id for message in found))
    for message_id in sorted(gone):
        store.run("room_settle", account, message_id, 0, 0)
    return len(wrong) + len(gone)
