"""A run as seen from outside, as plain data: the API's ledger, Redis, events, webhooks, the journal."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from redis import Redis

from tests.chaos.api_proxy import ApiProxy
from tests.chaos.campaign import Campaign, Expected, ids_of
from tests.chaos.receivers import Receivers
from tests.chaos.world import RATE, interval_seconds

LAG_SECONDS = 0.5  # of a replica, before it is cut off


@dataclass(slots=True)
class Observation:
    """The checker reads nothing else. Message ids are lists where one PEC may stand for several."""

    expected: dict[str, Expected]
    interval_seconds: float  # between two sends of one token
    added: dict[str, dict[str, Any]]  # entry id of each acknowledged XADD → {job_id, refused}
    rejected: dict[str, str] = field(default_factory=dict)  # entry id → why
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    receipts: dict[str, list[dict[str, Any]]] = field(
        default_factory=dict
    )  # of each message, as Redis keeps them
    sent: list[dict[str, Any]] = field(default_factory=list)  # {messages, code}: the API's ledger
    posts: list[dict[str, Any]] = field(
        default_factory=list
    )  # {messages, fault, forwarded, status, token, at}
    continued: list[float] = field(
        default_factory=list
    )  # when stopped processes went on, by the clock of posts
    first_bytes: list[dict[str, Any]] = field(default_factory=list)  # {token, at, messages}: when they left
    not_before: dict[str, float] = field(
        default_factory=dict
    )  # message → when it may go, by the clock of posts
    events: list[dict[str, Any]] = field(default_factory=list)  # {id, type, data}, in the stream's order
    received: list[dict[str, Any]] = field(default_factory=list)  # {endpoint, id, type, data}
    endpoints: dict[str, list[str] | None] = field(default_factory=dict)  # name → event types, None: all
    dead: list[dict[str, str]] = field(default_factory=list)  # {endpoint, id}
    schedule: dict[str, list[str]] = field(default_factory=dict)  # key without namespace → members
    entered: dict[str, list[str]] = field(
        default_factory=dict
    )  # state, or state and account → the messages that its index holds
    accounts: dict[str, int] = field(default_factory=dict)  # account → how many messages are counted
    contents: dict[str, int] = field(default_factory=dict)  # SHA-256 → refs
    batches: dict[str, dict[str, str]] = field(default_factory=dict)
    batch_sizes: dict[str, int] = field(default_factory=dict)  # as a job said
    in_dead_hands: list[str] = field(default_factory=list)  # picked by a process that never gave them back
    lost_outcomes: list[str] = field(default_factory=list)  # settled where the next primary got nothing of it
    by_imap: list[str] = field(default_factory=list)  # accounts whose mailbox is read by IMAP
    archived: dict[str, float] = field(
        default_factory=dict
    )  # SHA-256 of each whole mail in the archive → when it was written
    mails: list[dict[str, Any]] = field(default_factory=list)  # in mailboxes: {kind, subject, flags, …}
    deleted: list[dict[str, Any]] = field(default_factory=list)  # {kind, subject, sha256, at, …}
    refused: list[dict[str, Any]] = field(
        default_factory=list
    )  # for want of room: {mailbox, subject, size_bytes}
    restored: bool = False
    intrusions: int = 0  # connections to an address that no webhook may reach
    forged: int = 0  # deliveries with a wrong signature

    def dump(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1), encoding="utf-8")


class Observed(Protocol):
    """The world of a run that is looked at, whatever machines it is made of."""

    folder: Path
    client: Redis
    api: ApiProxy
    receivers: Receivers
    archive: Path
    by_imap: list[str]
    endpoints: dict[str, list[str] | None]
    continued: list[float]
    parted: tuple[float, float] | None

    def sent(self) -> list[dict[str, Any]]:
        """Return the PECs that the API sent."""

    def asked_of_sandbox(self, path: str) -> Any:
        """Return what the sandbox lists at one of its own addresses."""


def observe(
    world: Observed,
    campaign: Campaign,
    added: dict[str, dict[str, Any]],
    rate: float = RATE,
    posts_before_restore: int | None = None,
    late: Collection[str] = (),
    not_before: Mapping[str, float] | None = None,
) -> Observation:
    """Reads all there is. `late`: messages whose CONSEGNA came after all. Raises redis.RedisError."""
    client, notes = world.client, journal(world.folder)
    return Observation(
        expected=campaign.expected | {one: Expected("delivered") for one in late},
        interval_seconds=interval_seconds(rate),
        added=dict(added),
        rejected={
            _text(fields[b"entry"]): _text(fields[b"errors"]) for _, fields in _stream(client, "rejected")
        },
        records={key.partition("pec:message:")[2]: _hash(client, key) for key in _keys(client, "message:*")},
        receipts={
            key.partition("pec:receipts:")[2]: _receipts(client, key) for key in _keys(client, "receipts:*")
        },
        sent=[
            {"messages": list(ids_of(one["recipients"], campaign.tags)), "code": one["code"]}
            for one in world.sent()
        ],
        posts=[
            {
                "messages": list(ids_of(call.recipients, campaign.tags)),
                "fault": call.fault,
                "forwarded": call.forwarded,
                "status": call.status,
                "token": call.headers.get("authorization", "").removeprefix("Bearer "),
                "at": call.at,
                "before_restore": number < (posts_before_restore or 0),
            }
            for number, call in enumerate(list(world.api.calls))
            if call.method == "POST"
        ],
        first_bytes=[
            {
                "token": line["token"],
                "at": line["at"],
                "messages": list(ids_of(_listed(line["first_byte"]), campaign.tags)),
            }
            for line in journal(world.folder)
            if "first_byte" in line
        ],
        continued=list(world.continued),
        not_before=dict(not_before or {}),
        events=[
            {"id": _text(fields[b"id"]), **_event(_text(fields[b"event"]))}
            for _, fields in _stream(client, "events")
        ],
        received=[
            {"endpoint": one.endpoint, "id": one.id, "type": one.body["type"], "data": one.body["data"]}
            for one in list(world.receivers.received)
        ],
        endpoints=dict(world.endpoints),
        dead=[
            {"endpoint": _text(fields[b"endpoint"]), "id": _text(fields[b"id"])}
            for _, fields in _stream(client, "dead")
        ],
        schedule=_schedule(client),
        entered={key.removeprefix("pec:state:"): _members(client, key) for key in _keys(client, "state:*")},
        accounts=_accounts(client),
        contents={
            key.rpartition(":")[2]: int(client.hget(key, "refs") or 0) for key in _keys(client, "content:*")
        },
        batches={key.rpartition(":")[2]: _hash(client, key) for key in _keys(client, "batch:*")},
        batch_sizes=campaign.batch_sizes,
        in_dead_hands=_in_dead_hands(notes),
        lost_outcomes=lost_outcomes(notes, world.parted),
        by_imap=list(world.by_imap),
        archived=dict(_archived(world.archive)),
        mails=world.asked_of_sandbox("imap/mails"),
        deleted=world.asked_of_sandbox("imap/deleted"),
        refused=world.asked_of_sandbox("refused"),
        restored=posts_before_restore is not None,
        intrusions=world.receivers.intrusions,
        forged=world.receivers.forged,
    )


def journal(folder: Path) -> list[dict[str, Any]]:
    """Return the notes of worker processes: first bytes, and their own ends."""
    path = folder / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def _archived(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield the mails that the archive holds whole: the digest of each, and when its file was written."""
    for path in folder.glob("??/*.eml"):
        if hashlib.sha256(path.read_bytes()).hexdigest() == path.stem:
            yield path.stem, path.stat().st_mtime


def _in_dead_hands(notes: list[dict[str, Any]]) -> list[str]:
    """Messages that a process picked oftener than it settled them: it died with them in its hands.

    They are counted: one thread may pick what another of its process has put back and not settled yet.
    """
    held: Counter[tuple[int, str]] = Counter()
    for note in notes:
        if "picked" in note:
            held[note["pid"], note["picked"]] += 1
        if "settled" in note:
            held[note["pid"], note["settled"]] -= 1
    return sorted({message_id for (_, message_id), times in held.items() if times > 0})


def lost_outcomes(notes: list[dict[str, Any]], parted: tuple[float, float] | None) -> list[str]:
    """Return what was settled while the replica that took over was cut off: it may know the claims alone."""
    begins, ends = parted or (math.inf, math.inf)
    settled = {
        note["settled"] for note in notes if "settled" in note and begins - LAG_SECONDS < note["at"] < ends
    }
    return sorted(settled)


def _schedule(client: Redis) -> dict[str, list[str]]:
    """Members of everything that says something is still to be done."""
    found: dict[str, list[str]] = {}
    time: Any = client.time()
    for pattern in ("due:*", "lane:*", "rotation:*", "in_flight:*", "deliveries:*"):
        # a place on the wire is free from its score on (µs), and leaves the set when it is next looked at
        least = time[0] * 1_000_000 + time[1] if pattern == "in_flight:*" else "-inf"
        for key in _keys(client, pattern):
            members: Any = client.zrangebyscore(key, least, "+inf")
            found[key.removeprefix("pec:")] = [_text(one) for one in members]
    for key in _keys(client, "tries:*"):
        found[key.removeprefix("pec:")] = [_text(one) for one in client.hkeys(key)]
    found["jobs"] = [_text(entry) for entry, _ in _stream(client, "jobs")]
    for stream in ("jobs", "events"):
        for group in _groups(client, stream):
            found[f"pending:{stream}:{group['name']}"] = ["?"] * group["pending"]
    return {key: members for key, members in found.items() if members}


def _members(client: Redis, key: str) -> list[str]:
    found: Any = client.zrange(key, 0, -1)
    return [_text(one) for one in found]


def _accounts(client: Redis) -> dict[str, int]:
    found: Any = client.zrange("pec:accounts", 0, -1, withscores=True)
    return {_text(account): int(count) for account, count in found}


def _groups(client: Redis, stream: str) -> list[dict[str, Any]]:
    if not client.exists(f"pec:{stream}"):
        return []
    found: Any = client.xinfo_groups(f"pec:{stream}")
    return [{"name": _text(one["name"]), "pending": int(one["pending"])} for one in found]


def _keys(client: Redis, pattern: str) -> list[str]:
    return sorted(_text(key) for key in client.scan_iter(f"pec:{pattern}", count=1000))


def _hash(client: Redis, key: str) -> dict[str, str]:
    stored: Any = client.hgetall(key)
    return {_text(name): _text(value) for name, value in stored.items()}


def _receipts(client: Redis, key: str) -> list[dict[str, Any]]:
    """Return the receipts, without the empty marks of reported mails."""
    return [json.loads(value) for value in _hash(client, key).values() if value]


def _stream(client: Redis, name: str) -> list[tuple[str, dict[bytes, bytes]]]:
    found: Any = client.xrange(f"pec:{name}")
    return [(_text(entry), fields) for entry, fields in found]


def _event(body: str) -> dict[str, Any]:
    event = json.loads(body)
    return {"type": event["type"], "data": event["data"]}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _listed(recipients: str | list[str]) -> list[str]:
    return [recipients] if isinstance(recipients, str) else recipients
