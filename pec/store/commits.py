"""One commit: changes of messages become commands, and one script applies them together or not at all."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from pec.changes import Change, Lane
from pec.events import Event
from pec.instants import to_text
from pec.messages import Message, differences
from pec.names import State
from pec.room import recipients_awaited
from pec.store.records import receipt_to_json
from pec.store.replication import CLAIM_MILLISECONDS, run_script
from pec.store.replication import TooFewReplicas as TooFewReplicas  # raised here, so imported from here
from pec.store.store import ScriptCall, Store, text, unique

MAX_CONFLICTS = 20


class Conflict(Exception):
    """Another process or thread changed the record first: read it again and decide again."""


class KeyExists(Exception):
    """A key that must not exist does; `value` is what it holds."""

    def __init__(self, key: str, value: str) -> None:
        super().__init__(key)
        self.key = key
        self.value = value


class OtherHistory(Exception):
    """The server is not the one that the work began on, or it lost writes: begin anew with what it holds."""


class ContentMissing(Exception):
    """Content that was there a moment ago is gone: read it again."""


@dataclass(slots=True)
class BatchDelta:
    """A change of the counts of a batch."""

    name: str
    before: str = ""
    after: str = ""
    ended: int = 0
    size: str = ""


@dataclass(slots=True)
class Commit:
    """All that one commit changes together. See `scripts/commit.lua`."""

    changes: Sequence[Change] = ()
    absent: Sequence[str] = ()
    contents: Mapping[str, bytes | None] = field(default_factory=dict)  # by SHA-256; None: already stored
    archived: Mapping[str, int] = field(default_factory=dict)  # sizes, by SHA-256: new in the archive
    commands: Sequence[Sequence[str | float]] = ()
    batches: Sequence[BatchDelta] = ()
    history: str = ""  # id of the history of writes that the server must have, if any; see `imap_state.begin`
    uses: Sequence[str] = ()  # SHA-256 of each content that a new message needs, once for each message


def commit(store: Store, change: Change, *commands: Sequence[str | float]) -> Message:
    """Apply one change. Return the changed message. Raise Conflict."""
    apply(store, Commit(changes=[change], commands=commands))
    return change.after


def commit_to_replicas(store: Store, change: Change, *commands: Sequence[str | float]) -> Message:
    """Apply one change and wait until enough replicas have it. Raise Conflict or TooFewReplicas."""
    work = Commit(changes=[change], commands=commands)
    if store.replicas:  # which WAIT waits for, on the connection that wrote
        run_script(store, store.script("commit"), _arguments(store, work), CLAIM_MILLISECONDS, check)
    else:
        apply(store, work)
    return change.after


def update(
    store: Store, read: Callable[[], Message | None], choose: Callable[[Message], Change | None]
) -> Message | None:
    """Read, decide and commit, and start again if the record was changed in between.

    Return the current message: unchanged if nothing was chosen, None if there is none. Raise Conflict after 20 times.
    """
    for _ in range(MAX_CONFLICTS):
        message = read()
        change = message and choose(message)
        if not change:
            return message
        try:
            return commit(store, change)
        except Conflict:
            continue
    raise Conflict(f"{MAX_CONFLICTS} times in a row")


def apply(store: Store, work: Commit, *, intake: bool = False) -> None:
    """Apply a commit. Raise Conflict, KeyExists, ContentMissing or OtherHistory; then nothing was changed."""
    [reply] = (store.pipeline if intake else store.together)([call(store, work, intake=intake)])
    check(reply)


def call(store: Store, work: Commit, *, intake: bool = False) -> ScriptCall:
    """Return the commit as a call for `Store.pipeline`; its reply is for `check`."""
    return ScriptCall("commit", _arguments(store, work), intake)


def check(reply: Any) -> None:
    """Raise the error that the script's reply stands for, if any."""
    if isinstance(reply, Exception):
        raise reply
    outcome, *details = [text(part) for part in reply]
    match outcome:
        case "conflict":
            raise Conflict(details[0])
        case "present":
            raise KeyExists(details[0], details[1])
        case "missing":
            raise ContentMissing(details[0])
        case "elsewhere":
            raise OtherHistory("a failover or a restart of Redis came between")


def _arguments(store: Store, work: Commit) -> list[str | bytes]:
    blobs: list[bytes] = []
    payload = {
        "ns": store.keys.namespace,
        "op": unique(),
        "now": _moment(work.changes),
        "records": [_record(store, change) for change in work.changes],
        "absent": list(work.absent),
        "contents": _contents(store, work, blobs),
        "commands": [
            [_argument(part) for part in command]
            for command in [*_commands_of(store, work.changes), *work.commands]
        ],
        "rooms": [*filter(None, map(_room, work.changes))],
        "lanes": [_lane(change.after) for change in work.changes if change.lane is Lane.ENTER],
        "batches": [_count(batch) for batch in [*_batches(work.changes), *work.batches]],
    }
    if work.history:
        payload["history"] = work.history
    return [to_json(payload).decode(), *blobs]


def _argument(part: str | float) -> str:
    return f"{part:.6f}" if isinstance(part, float) else str(part)


def _moment(changes: Sequence[Change]) -> str:
    if changes:
        return to_text(changes[0].after.updated_at)
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def _record(store: Store, change: Change) -> dict[str, Any]:
    """Return the fields that differ: only these are written, so that fields of other versions stay."""
    written, deleted = differences(change.before, change.after)
    return {
        "key": store.keys.message(change.after.id),
        "version": str(change.before.version) if change.before else "0",
        "set": [part for pair in written.items() for part in pair],
        "del": deleted,
        "move": _move(change),
    }


def _move(change: Change) -> list[str]:
    """Return id, account, the states from ("": it is new) and to, and since when; nothing if the state is the same."""
    if not change.moved:
        return []
    before, after = change.before, change.after
    since = _argument(after.updated_at.timestamp())
    return [after.id, after.account, str(before.state) if before else "", str(after.state), since]


def _room(change: Change) -> dict[str, Any] | None:
    """Return how many recipients are awaited from now on, or None if the room stays the same.

    A queued message has its room once it is picked: any change but a claim frees it.
    """
    before, after = change.before, change.after
    left = recipients_awaited(after)
    if before is None or (left == recipients_awaited(before) and before.state is not State.QUEUED):
        return None
    came = after.code is not None or before.state not in (State.QUEUED, State.SENDING)
    return {"account": after.account, "id": after.id, "left": left, "each": after.room, "came": came}


def _contents(store: Store, work: Commit, blobs: list[bytes]) -> list[dict[str, Any]]:
    counted = []
    for sha256, times in Counter(work.uses).items() if work.uses else ():
        data = work.contents.get(sha256)
        if data is not None:
            blobs.append(data)
        blob = len(blobs) + 1 if data is not None else 0
        one = {"key": store.keys.content(sha256), "blob": blob, "times": times}
        counted.append(one | ({"archived": work.archived[sha256]} if sha256 in work.archived else {}))
    return counted


def _lane(message: Message) -> dict[str, str]:
    return {
        "account": message.account,
        "id": message.id,
        "score": lane_score(message),
        "batch": message.batch or "",
    }


def lane_score(message: Message) -> str:
    """Return the place of a message in its lane: priority first, then age."""
    return str((9 - message.priority) * 10**13 + message.order)


def _batches(changes: Sequence[Change]) -> list[BatchDelta]:
    return [
        BatchDelta(
            change.after.batch,
            before=change.before.state if change.before else "",
            after=change.after.state,
            ended=int(change.after.ended and not (change.before and change.before.ended)),
        )
        for change in changes
        if change.after.batch and change.moved
    ]


def _count(batch: BatchDelta) -> dict[str, Any]:
    return {
        "name": batch.name,
        "from": str(batch.before),
        "to": str(batch.after),
        "ended": batch.ended,
        "size": batch.size,
    }


def _commands_of(store: Store, changes: Collection[Change]) -> list[list[str | float]]:
    return [command for change in changes for command in _commands(store, change)]


def _commands(store: Store, change: Change) -> list[list[str | float]]:
    return [
        *_index(store, change),
        *_schedule(store, change),
        *_receipts(store, change),
        *(_publish(store, event) for event in change.events),
    ]


def _index(store: Store, change: Change) -> list[list[str | float]]:
    before, after, keys = change.before, change.after, store.keys
    commands: list[list[str | float]] = []
    if _awaits(after) and not _awaits(before):
        sent_at = after.sent_at or after.updated_at
        commands.append(["ZADD", keys.awaiting(after.account), sent_at.timestamp(), after.id])
    elif _awaits(before) and not _awaits(after):
        commands.append(["ZREM", keys.awaiting(after.account), after.id])
    if before is None and after.batch:
        commands.append(["ZADD", keys.members(after.batch), after.order, after.id])
    if after.code and (before is None or before.code != after.code):
        commands.append(["SET", keys.code(after.account, after.code), after.id])
    return commands


def _awaits(message: Message | None) -> bool:
    """Return whether receipts are awaited."""
    return message is not None and message.state in (State.SENT, State.ACCEPTED, State.DELAYED)


def _schedule(store: Store, change: Change) -> list[list[str | float]]:
    keys, message_id = store.keys, change.after.id
    commands: list[list[str | float]] = [
        ["ZREM", keys.due(queue), message_id]
        if at is None
        else ["ZADD", keys.due(queue), at.timestamp(), message_id]
        for queue, at in change.due.items()
    ]
    if change.lane is Lane.LEAVE:
        commands.append(["ZREM", keys.lane(change.after.account), message_id])
        if change.after.batch and change.after.ended:  # what is sent was picked, and so is not parked
            commands.append(["ZREM", keys.parked(change.after.batch), message_id])
    return commands


def _receipts(store: Store, change: Change) -> list[list[str | float]]:
    key = store.keys.receipts(change.after.id)
    pairs = [part for receipt in change.receipts for part in (receipt.key, receipt_to_json(receipt))]
    pairs += [part for mark in change.reported for part in (mark, "")]
    commands: list[list[str | float]] = [["HSET", key, *pairs]] if pairs else []
    return [*commands, ["HDEL", key, *change.superseded]] if change.superseded else commands


def _publish(store: Store, event: Event) -> list[str | float]:
    webhook = ["webhook", event.webhook] if event.webhook else []
    return ["XADD", store.keys.events, "*", "id", event.id, "type", event.type, *webhook, "event", event.body]
