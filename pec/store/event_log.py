"""Reading `pec:events` by position: pages after one, whether some were deleted meanwhile, and waiting for more."""

from dataclasses import dataclass
from typing import Any

from pec.store.store import Store, text, text_dict

START = "0-0"
_LAST_OF_MILLISECOND = 999_999_999_999
Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the stream. `id` is the webhook-id, `body` its JSON."""

    position: str
    id: str
    type: str
    body: str


def page_after(store: Store, position: str, count: int) -> list[Entry]:
    """Return the events after a position, oldest first."""
    found: Any = store.client.xrange(store.keys.events, min=f"({position}", count=count)
    return [_entry(*one) for one in found]


def wait_after(store: Store, position: str, count: int, milliseconds: int) -> list[Entry]:
    """Return the events after a position, as soon as there is one; [] if none comes in time."""
    places: Any = {store.keys.events: position}
    found: Any = store.client.xread(places, count=count, block=milliseconds)
    pages = found.values() if isinstance(found, dict) else [page for _, page in found or ()]
    return [_entry(*one) for page in pages for one in _flat(page)]


def last(store: Store) -> str:
    """Return the position of the last event that was ever published."""
    if not store.client.exists(store.keys.events):
        return START
    known: Any = store.client.xinfo_stream(store.keys.events)
    return text(known["last-generated-id"])


def before_now(store: Store, seconds: float = 0.0) -> str:
    """Return a position before every event that is published from now on, which shows nothing of those that were.

    `seconds`: by how much the clock of a server that takes over may be behind.
    """
    return f"{max(0, int((store.now() - seconds) * 1000) - 1)}-{_LAST_OF_MILLISECOND}"


def lacks_since(store: Store, position: str) -> bool:
    """Return whether events after this position may have been deleted by now."""
    if not store.client.exists(store.keys.events):
        return False
    known: Any = store.client.xinfo_stream(store.keys.events)
    if ordered(position) >= ordered(text(known["last-generated-id"])):
        return False
    first = known["first-entry"]
    deleted = int(known["entries-added"]) > int(known["length"])
    return deleted and (not first or ordered(position) < ordered(text(first[0])))


def ordered(position: str) -> Position:
    """Return a position as numbers, which can be compared."""
    milliseconds, _, number = position.partition("-")
    return int(milliseconds), int(number or 0)


def _flat(page: Any) -> list[Any]:
    """Return the entries of a page: redis-py nests them once more in its newer protocol."""
    return list(page[0]) if page and isinstance(page[0], list) else list(page)


def _entry(position: Any, stored: Any) -> Entry:
    fields = text_dict(stored)
    return Entry(text(position), fields["id"], fields["type"], fields["event"])
