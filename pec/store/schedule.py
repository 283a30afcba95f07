"""What is due: taken under a lease, so that work whose worker died comes back."""

from collections.abc import Mapping
from typing import Any

from pec.names import Queue
from pec.store.store import Store, text_list


def take_due(store: Store, most: Mapping[Any, int], lease_seconds: float) -> dict[Queue, list[str]]:
    """What is due of each queue, up to so many. It comes due again when the lease ends, unless it is settled."""
    pairs = [part for queue, number in most.items() for part in (queue, number)]
    taken = store.run("due", round(lease_seconds * 1e6), *pairs)
    return {queue: text_list(members) for queue, members in zip(most, taken, strict=True)}
