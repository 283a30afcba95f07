"""Where messages stand in line: positions in the lanes, and what the pace makes of them."""

from collections.abc import Mapping
from typing import Any

from config.settings import Api
from pec.store import accounts
from pec.store.pace import interval_seconds
from pec.store.store import Store, text_list
from producers.cli.progress import sends_until


def position(store: Store, account: str, message_id: str) -> int | None:
    """How many of its lane go before it; None where it stands in none."""
    rank: Any = store.client.zrank(store.keys.lane(account), message_id)
    return None if rank is None else int(rank)


def seconds_to_send(store: Store, api: Api, last: Mapping[str, str]) -> float | None:
    """Until these messages, one an account, are sent; None where that can't be told (paused, not in line)."""
    return max_or_none([_seconds(store, api, account, message) for account, message in last.items()])


def seconds_to_empty(store: Store, api: Api, account: str, depth: int) -> float | None:
    """Until a lane of this depth is empty; None where it is paused."""
    return _seconds_at(store, api, account, depth - 1)


def max_or_none(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _seconds(store: Store, api: Api, account: str, message: str) -> float | None:
    place = position(store, account, message)
    return None if place is None else _seconds_at(store, api, account, place)


def _seconds_at(store: Store, api: Api, account: str, place: int) -> float | None:
    state = accounts.state_of(store, account)
    if state.reason or not state.token:
        return None
    busy = text_list(store.client.zrange(store.keys.turns(state.token), 0, -1))
    others: list[Any] = [store.client.zcard(store.keys.lane(other)) for other in busy if other != account]
    return sends_until(place, others) * interval_seconds(api)
