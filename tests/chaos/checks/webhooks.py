"""Webhooks: each change reaches each consumer, in an order that makes sense."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.chaos.checks import UNREACHABLE
from tests.chaos.observation import Observation


def webhooks_missing(seen: Observation) -> Iterator[str]:
    """Every event reached every subscribed endpoint, and every change of state is an event."""
    received = {(one["endpoint"], one["id"]) for one in seen.received}
    dead = {(one["endpoint"], one["id"]) for one in seen.dead}
    for name, types in seen.endpoints.items():
        for event in seen.events:
            if types is not None and event["type"] not in types:
                continue
            key = (name, event["id"])
            if name == UNREACHABLE:
                if key in received:
                    yield f"{event['id']} reached {name}, which no webhook may reach"
            elif key not in received:
                yield f"{event['type']} {event['id']} never reached {name}{' (dead)' if key in dead else ''}"
    published = _last_published(seen.events)
    for message_id, record in seen.records.items():
        if published.get(message_id, {}).get("state") != record.get("state"):
            yield f"{message_id} is {record.get('state')}, and no event reports it"
    yield from _states_unpublished(seen)
    yield from _batches_unpublished(seen)
    yield from _rejections_unpublished(seen)


def _rejections_unpublished(seen: Observation) -> Iterator[str]:
    """Each rejection is one event, and each such event a rejection."""
    published = Counter(one["data"]["entry"] for one in seen.events if one["type"] == "job.rejected")
    for entry in published.keys() | seen.rejected.keys():
        if published[entry] != int(entry in seen.rejected):
            yield f"the rejection of {entry} is published {published[entry]} times"


def _states_unpublished(seen: Observation) -> Iterator[str]:
    """Each change names the previous state: if that was never published, an event is missing in between."""
    last: dict[str, str | None] = {}
    changes = [one["data"] for one in seen.events if one["type"] == f"message.{one['data'].get('state')}"]
    for data in sorted(changes, key=lambda data: int(data["sequence"])):
        if data.get("previous") != last.get(data["id"]):
            yield f"{data['id']} became {data['state']} from {data.get('previous')}, which no event reports"
        last[data["id"]] = data["state"]


def _batches_unpublished(seen: Observation) -> Iterator[str]:
    for name in seen.batches.keys() | seen.batch_sizes.keys():
        batch = seen.batches.get(name, {})
        published = [
            one for one in seen.events if one["type"] == "batch.completed" and one["data"]["batch"] == name
        ]
        size = seen.batch_sizes.get(name)
        if size is not None and int(batch.get("size", 0)) != size:
            yield f"the batch {name} has the size {batch.get('size')}, and was said to have {size}"
        complete = batch.get("size") is not None and int(batch.get("ended", 0)) >= int(batch["size"])
        if len(published) != int(complete):
            yield f"the batch {name} published its completion {len(published)} times"


def _last_published(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The event with the greatest sequence of each message has the state that a consumer ends up with."""
    last: dict[str, dict[str, Any]] = {}
    for event in events:
        data = event["data"]
        if "sequence" not in data:
            continue
        if int(data["sequence"]) >= int(last.get(data["id"], {}).get("sequence", 0)):
            last[data["id"]] = data
    return last


def _known_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says, but for the place in the archive of a mail that came in.

    After a failover that lost the mail's record it is read again, and the archive can be there now, or away.
    """
    archived = ("archived",) if event["type"] == "mail.received" else ()
    return {name: value for name, value in event["data"].items() if name not in archived}


def webhooks_in_conflict(seen: Observation) -> Iterator[str]:
    """A consumer that follows the rules believes what Redis says, also after a restore or a failover."""
    for name, types in seen.endpoints.items():
        if types is not None:
            continue
        believed = _last_published([one for one in seen.received if one["endpoint"] == name])
        for message_id, data in believed.items():
            record = seen.records.get(message_id, {})
            if data["state"] != record.get("state"):
                yield f"{name} believes {message_id} {data['state']}, and it is {record.get('state', 'nowhere')}"
    bodies: dict[str, dict[str, Any]] = {}
    for one in seen.received:
        first = bodies.setdefault(one["id"], _known_of(one))
        if first != _known_of(one):
            yield f"{one['id']} was published in two ways: {first} and {_known_of(one)}"
    if seen.forged:
        yield f"{seen.forged} deliveries had a signature that consumers refuse"
    if seen.intrusions:
        yield f"{seen.intrusions} connections to an address that no webhook may reach"
